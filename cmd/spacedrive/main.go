// Command spacedrive is the command line of the spacedrive daemon, to which it
// talks through protocol/client. Results go to stdout and everything else to
// stderr; the exit codes stand in every help text. There is a file for each
// command; start reading at cli.go, the grammar.
package main

import (
	"os"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

func main() { os.Exit(run(os.Args[1:])) }

// run runs one command and returns the program's exit code.
func run(args []string) int {
	flags.IgnoreEmpty()
	c := new(cli)
	file := new(flags.File)
	parser := kong.Must(c,
		kong.Name("spacedrive"),
		kong.Description("Index your files and find them, by way of the spacedrive daemon."),
		kong.DefaultEnvars(flags.EnvPrefix),
		kong.Resolvers(file),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Help(printHelp),
	)
	a := &app{cli: c, file: file, term: newTerminal(os.Stdin, os.Stdout, os.Stderr)}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(socketAfterStop(args))
	if err != nil {
		a.term.settle(c)
		return a.fail(usageError{err})
	}
	a.kong = kctx
	a.term.settle(c)

	a.interrupts = watchInterrupts()
	a.ctx = a.interrupts.ctx
	if err := a.checkSettings(kctx.Command()); err != nil {
		return a.fail(err)
	}
	defer a.close()
	return a.fail(kctx.Run(a))
}

// checkSettings refuses a configuration file that cannot be used, but for the
// commands that help with it.
func (a *app) checkSettings(command string) error {
	switch command {
	case "version", "doctor":
		return nil
	}
	if a.file.Err != nil {
		return usageError{protocol.Errorf(protocol.Validation, "%w", a.file.Err).
			WithHint("mend the file, or name another with --config")}
	}
	if a.file.Missing && a.cli.Config != "" && command != "library use <name>" {
		return usageError{protocol.Errorf(protocol.NotFound, "there is no configuration file %s", a.file.Path)}
	}
	return a.cli.check()
}
