package main

import (
	"runtime"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

type versionCmd struct{}

// versionResult is the document that --json prints.
type versionResult struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (*versionCmd) Run(a *app) error {
	v := versionResult{version.String(), protocol.Version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if a.cli.JSON {
		return a.term.printJSON(v)
	}
	a.term.printf("spacedrive %s, protocol %d, %s, %s\n", v.Version, v.Protocol, v.Go, v.Platform)
	return nil
}
