package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/packaging/manual"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// cli is the grammar of the command line: the flags of all commands here, the
// commands below.
type cli struct {
	flags.Place
	Host       string `group:"global" help:"Talk to the daemon of another machine, through ssh." placeholder:"ssh://[USER@]HOST"`
	SSH        string `name:"ssh" group:"global" help:"The ssh that --host uses, with its options (default: ssh)." placeholder:"COMMAND"`
	Standalone bool   `group:"global" help:"Where no daemon has the data, run one for this command alone, on its stdin and stdout."`
	Library    string `group:"global" help:"Library to work in (default: see 'library use')." placeholder:"NAME|ID" complete:"libraries"`
	Config     string `group:"global" help:"Configuration file." placeholder:"FILE" complete:"file"`
	JSON       bool   `group:"global" help:"Print JSON: one document, or a line for each event."`
	Quiet      bool   `short:"q" group:"global" help:"Print results and errors only."`
	NoColor    bool   `group:"global" help:"No colour, as with NO_COLOR set."`

	Reconnect time.Duration    `group:"global" help:"How long a command that watches waits for a daemon that is gone; 0s ends it at once (default: 30s)." default:"30s" placeholder:"TIME"`
	Version   kong.VersionFlag `group:"global" env:"-" help:"Print the version, and do nothing else."`

	kong.Plugins // commands, or some of them
}

// commands are the commands in the order of the help.
type commands struct {
	Quickstart quickstartCmd `cmd:"" help:"Start the daemon, index a folder, and show what to do next."`
	Start      startCmd      `cmd:"" help:"Start the daemon."`
	Stop       stopCmd       `cmd:"" help:"Stop the daemon."`
	Restart    restartCmd    `cmd:"" help:"Stop the daemon and start it again."`
	Status     statusCmd     `cmd:"" help:"Tell how the daemon is."`
	Lib        libraryCmd    `cmd:"" name:"library" help:"Create, list, show, rename, delete and choose libraries."`
	Location   locationCmd   `cmd:"" help:"Add, list, rescan and remove folders to index."`
	Search     searchCmd     `cmd:"" help:"Find files and folders by name."`
	Job        jobCmd        `cmd:"" help:"List, show, watch, pause, resume and cancel jobs."`
	Events     eventsCmd     `cmd:"" help:"Print events as they happen."`
	Logs       logsCmd       `cmd:"" help:"Print the daemon's log."`
	Call       callCmd       `cmd:"" help:"Call any operation of the daemon."`
	Methods    methodsCmd    `cmd:"" help:"List the daemon's operations, or describe one."`
	Doctor     doctorCmd     `cmd:"" help:"Look for what is wrong, and name the fix."`
	Debug      debugCmd      `cmd:"" help:"Show what the daemon is doing, or write it down for others."`
	Service    serviceCmd    `cmd:"" help:"Install and control the service, with its socket: yours, or with --system the machine's."`
	Settings   configCmd     `cmd:"" name:"config" help:"Print the configuration in force, and where each value comes from."`
	Completion completionCmd `cmd:"" help:"Print what completes commands in a shell."`
	Version    versionCmd    `cmd:"" help:"Print the version."`

	Manual   manualCmd   `cmd:"" hidden:"" help:"Write the man pages into a folder."`
	Complete completeCmd `cmd:"" hidden:"" help:"Print what a word on the command line may be, for the shell."`
}

// check refuses global flags that do not go together or are ill-formed.
func (c *cli) check() error {
	if c.Instance != "" {
		if err := config.CheckInstanceName(c.Instance); err != nil {
			return usageError{fmt.Errorf("--instance: %w", err)}
		}
	}
	if c.Reconnect < 0 {
		return usageError{fmt.Errorf("--reconnect: %v is no time to wait", c.Reconnect)}
	}
	if c.System && c.Standalone {
		return usageError{fmt.Errorf("--system and --standalone exclude each other")}
	}
	if c.Host != "" && c.Standalone {
		return usageError{fmt.Errorf("--host and --standalone exclude each other")}
	}
	return nil
}

// printHelp is kong's help with examples and the exit codes below it. A
// command's own flags are explained, those of every command only named.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	asTyped(ctx.Model)
	node, global := ctx.Model.Node, ""
	if selected := ctx.Selected(); selected != nil {
		node, global = selected, "\nFlags of every command (see spacedrive --help; --data-dir is $SPACEDRIVE_DATA_DIR,\nand so on):\n"+hideGlobal(ctx.Model)
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(global)
	for i, e := range manual.TextOf(node).Examples() {
		b.WriteString(only(i == 0, "\nExamples:\n") + "  # " + e.Does + "\n")
		for line := range strings.Lines(e.Command) {
			b.WriteString("  " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	_, err := fmt.Fprint(ctx.Stdout, b.String()+exitCodes)
	return err
}

// hideGlobal takes the flags of every command out of the help that is printed
// next, and returns their names, in lines.
func hideGlobal(m *kong.Application) string {
	const width = 78
	var b strings.Builder
	line := " "
	for _, f := range m.Flags {
		if f.Group == nil {
			continue // --help itself
		}
		f.Hidden = true
		if word := " --" + f.Name; len(line)+len(word) <= width {
			line += word
		} else {
			b.WriteString(line + "\n")
			line = " " + word
		}
	}
	b.WriteString(line + "\n")
	return b.String()
}
