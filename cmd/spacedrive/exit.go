package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// The program's exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNoDaemon    = 3
	exitNotFound    = 4
	exitPart        = 5
	exitMismatch    = 6
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

// exitCodes is the end of every help text. spacedrive.md says the same for the
// manual, at more length.
const exitCodes = `
Exit codes: 0 done, 1 failed, 2 usage, 3 no daemon, 4 not found, 5 done in part,
  6 protocol mismatch, 130 interrupted.
`

// A usageError is a mistake in the command line or in the settings.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// badFlag returns err as a mistake in the command line where the daemon refused the
// field that the flag sets.
func badFlag(err error, field, flag string) error {
	e := protocol.AsError(err)
	if name, _ := e.Details["field"].(string); e.Code != protocol.Validation || !strings.HasPrefix(name, field) {
		return err
	}
	mistake := *e
	mistake.Message = flag + ": " + mistake.Message
	return usageError{&mistake}
}

// A connectError is a failure to reach the daemon.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

// An exitError ends the program with a code, when everything has been printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exitCode returns the exit code for what a command returned.
func exitCode(err error) int {
	var exit exitError
	var bad usageError
	var connect connectError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &bad), client.Reason(err) == client.ReasonOtherDaemon:
		return exitUsage
	case protocol.HasCode(err, protocol.ProtocolMismatch):
		return exitMismatch
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &connect):
		return exitNoDaemon
	}
	switch protocol.AsError(err).Code {
	case protocol.ConnectionFailed, protocol.ReadError, protocol.WriteError, protocol.CoreUnavailable:
		return exitNoDaemon
	case protocol.NotFound:
		return exitNotFound
	}
	return exitFailed
}

// fail prints err, if any, and returns the exit code for it.
func (a *app) fail(err error) int {
	code := exitCode(err)
	var exit exitError
	if err == nil || errors.As(err, &exit) {
		if !a.term.flush() && code == exitDone {
			code = exitFailed
		}
		return code
	}
	a.term.flush()
	if code == exitInterrupted {
		if !a.cli.JSON {
			a.term.note("Interrupted.")
		}
		return code
	}
	if client.Reason(err) == client.ReasonNoAnswer {
		a.diagnose()
	}
	wire := a.withAdvice(err)
	if a.cli.JSON {
		a.term.errorJSON(wire)
	} else {
		a.term.error(wire)
	}
	return code
}

// command returns the command that a mistake was made in, as far as it was parsed.
func command(err error) string {
	var bad *kong.ParseError
	if !errors.As(err, &bad) || bad.Context.Selected() == nil {
		return ""
	}
	return bad.Context.Selected().Path()
}

// withAdvice returns err as it is shown, with a hint that names this program's
// commands and flags.
func (a *app) withAdvice(err error) *protocol.Error {
	wire := *protocol.AsError(err)
	var bad usageError
	switch {
	case client.Reason(err) == client.ReasonOtherDaemon:
		what := a.spelled("instance", a.daemon.Instance)
		if wire.Details["field"] == "data_dir" {
			what = a.spelled("data-dir", a.daemon.DataDir)
		}
		if a.cli.Socket != "" {
			wire.Message = what + " and " + a.spelled("socket", a.cli.Socket) + " contradict each other: " + wire.Message
		}
	case errors.As(err, &bad):
		if wire.Code == protocol.OperationFailed {
			wire = *protocol.Errorf(protocol.Validation, "%w", bad.error)
		}
		if wire.Hint == "" {
			wire.Hint = "to see what there is: spacedrive " + only(command(err) != "", command(err)+" ") + "--help"
		}
	case wire.Details["field"] == "library_id" && a.cli.Library == "":
		wire.Hint = "say which with --library NAME, or once for all with: spacedrive library use NAME"
	case wire.Code == protocol.NotFound && wire.Details["field"] == "library_id":
		wire.Hint = "make one with: spacedrive library create NAME"
	}
	if wire.Code != protocol.PermissionDenied { // whose hint is to use the user's own daemon
		wire.Hint = a.advice(wire.Hint)
	}
	return &wire
}
