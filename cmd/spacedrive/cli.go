package main

import (
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// cli holds the flags of all commands. The commands register themselves, each in
// its file; see grammar.go.
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
}

// check refuses global flags that are malformed or contradict each other.
func (c *cli) check() error {
	if c.Instance != "" {
		if err := config.CheckInstanceName(c.Instance); err != nil {
			return usageError{fmt.Errorf("--instance: %w", err)}
		}
	}
	if c.Reconnect < 0 {
		return usageError{fmt.Errorf("--reconnect: %v is not a time to wait", c.Reconnect)}
	}
	if c.System && c.Standalone {
		return usageError{fmt.Errorf("--system and --standalone exclude each other")}
	}
	if c.Host != "" && c.Standalone {
		return usageError{fmt.Errorf("--host and --standalone exclude each other")}
	}
	return nil
}
