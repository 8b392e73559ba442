// Package doctor looks for what keeps a daemon from working, and names the fix.
// Checks is all that it looks at; Run runs them over the Facts that the caller
// has gathered. It changes nothing and starts nothing.
package doctor

import (
	"context"
	"fmt"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/packaging/logfile"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// The states of a finding.
const (
	OK      = "ok"
	Warning = "warning"
	Problem = "problem"
	Skipped = "skipped" // could not be looked at, or there is nothing to look at
)

// A Check looks at one thing.
type Check struct {
	Name string
	look func(*Facts) Finding // returns the zero Finding where there is nothing to check
}

// Checks are all checks. A check stands before those that fail for the same cause.
var Checks = []Check{
	{"settings", settings},       // the configuration file can be read
	{"data folder", dataFolder},  // exists, and only the daemon's user may write to it
	{"socket", socket},           // exists, is a socket, and belongs to the daemon's user
	{"environment", environment}, // leads to the unit's data folder
	{"start limit", startLimit},  // systemd has not given up
	{"unit", unit},               // installed, enabled, running
	{"daemon", answers},          // answers; a socket without a daemon is stale
	{"version", versions},        // the daemon is this program's
	{"libraries", libraries},     // the instance and its libraries can be opened
	{"watch limit", watchLimit},  // inotify's
	{"disk space", diskSpace},    // under the data folder and the libraries
	{"log", lastErrors},          // has no recent error
}

// A Finding is the verdict of a check.
type Finding struct {
	Check   string `json:"name"`
	State   string `json:"state"`
	Message string `json:"message"`
	Fix     string `json:"fix,omitzero"`

	// Form is the message's format, of package fmt: it says nothing of this machine.
	Form string `json:"-"`
}

func find(state, fix, form string, args ...any) Finding {
	return Finding{State: state, Message: fmt.Sprintf(form, args...), Fix: fix, Form: form}
}

// Facts are what the checks look at.
type Facts struct {
	daemon.Daemon // which daemon is meant, and where it is

	SettingsErr  error  // why the configuration file cannot be used
	SettingsFile string // its path
	PlaceFrom    string // what names the daemon's place: flag, environment, file, service or default
	Variable     string // of the environment, that names the place, "" for none

	Units     packaging.States
	UnitsErr  error // why the service manager cannot be asked
	Elsewhere bool  // whether the unit's socket is another than Socket

	Hello      protocol.HelloDaemon // of a daemon that answers
	DaemonErr  *protocol.Error      // why none answers, with its hint
	Reason     string               // a reason of package client for DaemonErr
	OpenErr    *protocol.Error      // why the instance, or a library of it, cannot be opened
	Libraries  []api.Library
	OwnVersion string

	Logs    logfile.Log
	Command func(words ...string) string // a command line of this program

	ctx   context.Context // of Run
	first string          // the fix of the first problem found
}

// Run runs all checks.
func Run(ctx context.Context, f *Facts) []Finding {
	f.ctx = ctx
	var findings []Finding
	for _, c := range Checks {
		found := c.look(f)
		if found.State == "" {
			continue
		}
		found.Check = c.Name
		findings = append(findings, found)
		if found.State == Problem && f.first == "" {
			f.first = found.Fix
		}
	}
	return findings
}

func settings(f *Facts) Finding {
	if f.SettingsErr != nil {
		return find(Problem, "fix the file, or name another with --config", "%v", f.SettingsErr)
	}
	return find(OK, "", "%s", f.SettingsFile)
}
