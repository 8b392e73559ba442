package main

import (
	"slices"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// setting are the switches that set something for every run, and so have a
// variable. A switch that acts, such as --yes, is tagged env:"-".
var setting = []string{
	"system", "standalone", "json", "quiet", "no-color", // of every command
	"no-wait", "hidden", "null", "goroutines",
}

func TestFlagsThatActHaveNoVariable(t *testing.T) {
	daemon, err := flags.NewDaemon(new(flags.Daemon), "", "")
	if err != nil {
		t.Fatal(err)
	}
	var look func(node *kong.Node, setting []string)
	look = func(node *kong.Node, setting []string) {
		for _, f := range node.Flags {
			acts := (f.IsBool() || f.Name == "version") && !slices.Contains(setting, f.Name)
			if acts != (len(f.Envs) == 0) {
				t.Errorf("%s --%s has the variables %v", node.FullPath(), f.Name, f.Envs)
			}
		}
		for _, child := range node.Children {
			look(child, setting)
		}
	}
	look(model().Node, setting)
	look(daemon.Model.Node, nil)
}
