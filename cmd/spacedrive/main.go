// Command spacedrive is the command line of the spacedrive daemon, which it calls
// through protocol/client. Results go to stdout and everything else to stderr;
// every help text lists the exit codes. There is a file for each command; start
// reading at cli.go, the grammar.
package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

func main() { os.Exit(run(os.Args[1:])) }

// run runs one command and returns the program's exit code.
func run(args []string) int {
	flags.IgnoreEmpty()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "complete" {
		return runComplete(args)
	}
	p, err := parse(socketAfterStop(args))
	a := newApp(p)
	a.term.settle(p.cli)
	if err != nil {
		if slices.Contains(args, "--json") { // which may come after the mistake
			a.cli.JSON = true
			a.term.settle(p.cli)
		}
		return a.fail(usageError{err})
	}

	if err := a.settle(); err != nil && p.kong.Command() != "version" {
		return a.fail(err)
	}
	a.interrupts = watchInterrupts()
	a.ctx = a.interrupts.ctx
	if err := a.checkSettings(p.kong.Command()); err != nil {
		return a.fail(err)
	}
	defer a.close()
	return a.fail(p.kong.Run(a))
}

// checkSettings refuses a configuration file or global flags that cannot be used,
// except for the commands that help with them.
func (a *app) checkSettings(command string) error {
	switch {
	case command == "version", command == "doctor":
		return nil
	case command == "service uninstall", strings.HasPrefix(command, "debug bundle"): // which need no setting
	case a.file.Err != nil:
		return usageError{protocol.Errorf(protocol.Validation, "%w", a.file.Err).
			WithHint("fix the file, or name another with --config")}
	case a.file.Missing && a.cli.Config != "" && command != "library use <name>":
		return usageError{protocol.Errorf(protocol.NotFound, "there is no configuration file %s", a.file.Path)}
	}
	return a.cli.check()
}
