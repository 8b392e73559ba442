package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/doctor"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

var _ = register[doctorCmd]("doctor", groupWatch)

type doctorCmd struct{}

// doctorResult is the document that --json prints.
type doctorResult struct {
	OK     bool             `json:"ok"`
	Checks []doctor.Finding `json:"checks"`
}

func (*doctorCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return usage("doctor is about this machine's daemon; run it there, without --host and --standalone")
	}
	r := a.examine()
	if err := a.term.show(r, func() { a.printFindings(r.Checks) }); err != nil || r.OK {
		return err
	}
	return exitError(exitFailed)
}

// examine looks for what is wrong. It connects, if that is possible.
func (a *app) examine() doctorResult {
	f := &doctor.Facts{
		Daemon: a.daemon, SettingsErr: cmp.Or(a.file.Err, a.cli.check()), SettingsFile: a.file.Path,
		PlaceFrom: string(flags.FromDefault), OwnVersion: version.String(), Logs: a.daemon.Log(), Command: a.command,
	}
	if os.Getenv("XDG_DATA_HOME") != "" && !a.daemon.System {
		f.Variable = "XDG_DATA_HOME"
	}
	for _, flag := range []string{"data-dir", "socket"} { // the socket overrules the data folder
		switch from := a.source(flag); {
		case a.daemon.System && !a.named(flag), from == flags.FromDefault:
		case from == flags.FromEnv:
			f.PlaceFrom, f.Variable = string(from), flags.EnvName(flag)
		default:
			f.PlaceFrom, f.Variable = string(from), ""
		}
	}
	c, err := a.connect() // before the unit, which the connection may start
	if err != nil {
		f.DaemonErr, f.Reason = a.withAdvice(err), client.Reason(err)
	} else {
		f.Hello = c.Hello().Daemon
		a.openAll(f)
	}
	f.Units, f.UnitsErr = a.installedUnits()
	f.Elsewhere = f.UnitsErr == nil && f.Units.Socket.Listen != "" && !daemon.SameSocket(f.Units.Socket.Listen, f.Socket)
	r := doctorResult{OK: true, Checks: doctor.Run(a.ctx, f)}
	for _, c := range r.Checks {
		r.OK = r.OK && c.State != doctor.Problem
	}
	return r
}

// openAll makes the daemon open the libraries that it has not opened yet, or could
// not: the cause may be gone.
func (a *app) openAll(f *doctor.Facts) {
	libs, err := client.Call(a.ctx, a.conn, api.LibrariesList, api.Empty{})
	f.Libraries = libs.Libraries
	for _, l := range libs.Libraries {
		if l.State == "failed" && err == nil {
			_, err = client.Call(a.ctx, a.conn, api.LibrariesInfo, api.Empty{}, client.InLibrary(l.ID))
		}
	}
	switch {
	case err == nil:
	case client.Reason(err) == client.ReasonNoAnswer:
		f.DaemonErr, f.Reason = a.withAdvice(err), client.ReasonNoAnswer
	default:
		f.OpenErr = a.withAdvice(err)
	}
}

func (a *app) printFindings(findings []doctor.Finding) {
	colors := map[string]string{doctor.OK: green, doctor.Warning: yellow, doctor.Problem: red, doctor.Skipped: faint}
	width := 0
	for _, f := range findings {
		width = max(width, len(f.Check))
	}
	count := make(map[string]int64)
	for _, f := range findings {
		state := fmt.Sprintf("%-7s", f.State)
		a.term.printf("%s  %-*s  %s\n", paint(a.term.color, colors[f.State], state), width, f.Check, human.Clean(f.Message))
		if f.Fix != "" {
			a.term.printf("%*s  fix: %s\n", 7+2+width, "", human.Clean(f.Fix))
		}
		count[f.State]++
	}
	a.term.note("\n%s, %s", human.Plural(count[doctor.Problem], "problem", "problems"), human.Plural(count[doctor.Warning], "warning", "warnings"))
}
