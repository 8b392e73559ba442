package main

import (
	"fmt"

	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

type doctorCmd struct{}

func (*doctorCmd) Help() string {
	return `Checks the settings, the programs, the data folder, the socket, the daemon, its
unit, the system's limits, the disk, and the log. Exit code 1 when something is
wrong; a warning alone is not.`
}

// The states of a check.
const (
	checkOK      = "ok"
	checkWarning = "warning"
	checkProblem = "problem"
	checkSkipped = "skipped"
)

// A check is one thing that doctor looked at.
type check struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Message string `json:"message"`
	Fix     string `json:"fix,omitzero"` // what to do about it
}

// doctorResult is the document that --json prints.
type doctorResult struct {
	OK     bool    `json:"ok"`
	Checks []check `json:"checks"`
}

// An examination is a run of doctor.
type examination struct {
	*app
	checks []check

	asked bool   // whether systemd was asked for runs
	runs  string // the program in the service's unit

	unanswered error // why there is no connection

	first string // what is to be done before a daemon can be had
}

// add notes what a check found.
func (e *examination) add(state, name, fix, format string, args ...any) {
	e.checks = append(e.checks, check{name, state, fmt.Sprintf(format, args...), fix})
}

func (*doctorCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return usage("doctor is about this machine's daemon; run it there, without --host and --standalone")
	}
	r := a.examine()
	if a.cli.JSON {
		if err := a.term.printJSON(r); err != nil {
			return err
		}
	} else {
		a.printFindings(r.Checks)
	}
	if !r.OK {
		return exitError(exitFailed)
	}
	return nil
}

// examine looks for what is wrong.
func (a *app) examine() doctorResult {
	e := &examination{app: a}
	e.settings()
	e.program()
	e.dataFolder()
	e.socketFile()
	_, e.unanswered = e.connect() // before the unit, which the connection may start
	e.unit()
	e.daemon()
	e.watchLimit()
	e.disk()
	e.log()
	r := doctorResult{OK: true, Checks: e.checks}
	for _, c := range e.checks {
		r.OK = r.OK && c.State != checkProblem
	}
	return r
}

func (a *app) printFindings(checks []check) {
	colors := map[string]string{checkOK: green, checkWarning: yellow, checkProblem: red, checkSkipped: faint}
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	problems, warnings := 0, 0
	for _, c := range checks {
		state := fmt.Sprintf("%-7s", c.State)
		a.term.printf("%s  %-*s  %s\n", paint(a.term.color, colors[c.State], state), width, c.Name, human.Clean(c.Message))
		if c.Fix != "" {
			a.term.printf("%*s  fix: %s\n", 7+2+width, "", human.Clean(c.Fix))
		}
		switch c.State {
		case checkProblem:
			problems++
		case checkWarning:
			warnings++
		}
	}
	a.term.note("\n%s, %s", human.Plural(int64(problems), "problem", "problems"), human.Plural(int64(warnings), "warning", "warnings"))
}
