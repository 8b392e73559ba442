package main

import "github.com/spacedrive-go/spacedrive/protocol/api"

type debugMetricsCmd struct{}

func (*debugMetricsCmd) Run(a *app) error {
	m, err := invoke(a, api.CoreMetrics, api.Empty{})
	if err != nil {
		return a.debugElsewhere(err)
	}
	if a.cli.JSON {
		return a.term.printJSON(m)
	}
	a.term.out.WriteString(m.Text)
	return nil
}
