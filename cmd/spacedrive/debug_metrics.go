package main

import "github.com/spacedrive-go/spacedrive/protocol/api"

type debugMetricsCmd struct{}

func (*debugMetricsCmd) Run(a *app) error {
	m, err := invoke(a, api.CoreMetrics, api.Empty{})
	if err != nil {
		return a.debugElsewhere(err)
	}
	return a.term.show(m, func() { a.term.out.WriteString(m.Text) })
}
