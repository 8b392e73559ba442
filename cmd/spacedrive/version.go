package main

import (
	"fmt"
	"runtime"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

var _ = register[versionCmd]("version", groupWatch)

type versionCmd struct{}

// versionResult is the document that --json prints.
type versionResult struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func aboutProgram() versionResult {
	return versionResult{version.String(), protocol.Version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
}

func (v versionResult) String() string {
	return fmt.Sprintf("spacedrive %s, protocol %d, %s, %s", v.Version, v.Protocol, v.Go, v.Platform)
}

func (*versionCmd) Run(a *app) error {
	v := aboutProgram()
	return a.term.result(v, "%s\n", v)
}
