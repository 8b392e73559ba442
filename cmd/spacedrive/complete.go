package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

var _ = register[completeCmd]("complete", groupHidden)

// completeCmd prints, for the scripts of packaging/completion, names that only the
// daemon knows. It never reports an error: the user is in the middle of a line.
type completeCmd struct {
	Kind  string   `arg:"" help:"What is completed, such as libraries."`
	Line  []string `arg:"" optional:"" help:"The words of the command line as they were typed, up to the cursor."`
	Shell string   `enum:",bash,zsh,fish" default:"" placeholder:"SHELL" help:"The shell that asks."`
}

func (*completeCmd) Help() string {
	return "Print what a word on the command line may be, for the shell."
}

// completionTimeout is how long a person waits without noticing.
const completionTimeout = 50 * time.Millisecond

// runComplete runs spacedrive complete. The flags on the line being completed say
// which daemon to ask.
func runComplete(args []string) int {
	p, err := parse(args)
	if err != nil {
		return exitDone
	}
	c, ok := p.kong.Selected().Target.Addr().Interface().(*completeCmd)
	if !ok {
		return exitDone
	}
	if flags, ok := c.lineFlags(); ok && len(flags) > 0 {
		if p, err = parse(append(flags, args...)); err != nil {
			return exitDone
		}
	} else if !ok {
		return exitDone
	}
	a := newApp(p)
	if a.file.Err == nil && a.settle() == nil && a.cli.check() == nil {
		_ = c.Run(a)
	}
	a.close()
	_ = a.term.out.Flush() // the reader may be gone
	return exitDone
}

func (c *completeCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return nil // too slow for Tab
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionTimeout)
	defer cancel()
	a.ctx = ctx
	all, err := a.candidates(c.Kind)
	if err != nil {
		return nil
	}
	word := ""
	if len(c.Line) > 0 {
		word = c.Line[len(c.Line)-1]
	}
	for _, candidate := range all {
		switch {
		case !human.IsClean(candidate.word) || candidate.word == "" || candidate.word[0] == '-':
			// It cannot be printed on a line, or would be read as a flag.
		case c.Shell == "bash":
			if quoted, ok := completed(word, candidate.word); ok {
				a.term.printf("%s\n", quoted)
			}
		case candidate.about == "":
			a.term.printf("%s\n", candidate.word)
		default:
			a.term.printf("%s\t%s\n", candidate.word, human.Clean(candidate.about))
		}
	}
	return nil
}

// lineFlags returns the flags on the line that say which daemon is meant. It
// returns false where only the shell could expand the value of one.
func (c *completeCmd) lineFlags() (found []string, ok bool) {
	if len(c.Line) == 0 {
		return nil, true
	}
	words := c.Line[:len(c.Line)-1]
	for i := 0; i < len(words); i++ {
		name, value, given := strings.Cut(words[i], "=")
		switch name {
		case "--":
			return found, true
		case "--system", "--standalone":
			found = append(found, words[i])
		default:
			if !slices.Contains(valueFlags, name) {
				continue
			}
			if !given {
				if i+1 == len(words) || strings.HasPrefix(words[i+1], "-") { // stop --socket, or the word that is completed
					continue
				}
				i++
				value = words[i]
			}
			if value, ok = c.typed(value); !ok {
				return nil, false
			}
			found = append(found, name+"="+value)
		}
	}
	return found, true
}

// typed returns a word that was typed as the shell will expand it.
func (c *completeCmd) typed(word string) (string, bool) {
	if c.Shell == "fish" { // it has removed the quotes
		return expanded(word)
	}
	text, _, ok := unquoted(word)
	return text, ok
}

// connectRunning connects to a daemon that already runs. Where systemd or launchd
// holds the socket, connecting would start one, which Tab must not do.
func (a *app) connectRunning() error {
	if !a.runs() {
		return errNotRunning
	}
	t, err := a.target()
	if err != nil {
		return err
	}
	a.conn, err = client.Dial(a.ctx, t)
	return err
}

var errNotRunning = errors.New("no daemon runs")

// runs reports whether a daemon runs, without connecting: by the lock of its data
// folder, else by the state of its unit, since another user's lock cannot be read
// and the data folder of a socket that was named is not known. Connecting to a
// socket that no unit holds starts nothing.
func (a *app) runs() bool {
	if !a.explicit() || a.daemon.DataDirGiven {
		pid, err := a.daemon.LockedBy()
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return pid != 0
		}
	}
	machines := a.daemon.System || a.daemon.Socket == config.SystemSocketPath(a.daemon.Instance)
	if _, err := os.Stat("/run/systemd/units"); machines && err == nil {
		// Exists while the unit is not inactive, and everyone can see it
		// (unit_export_state_files in systemd's source). Asking systemctl would take
		// most of the time.
		_, err := os.Lstat("/run/systemd/units/invocation:" + packaging.ServiceUnit(a.daemon.Instance))
		return err == nil
	}
	answer := make(chan bool, 1)
	go func() {
		u, err := packaging.StatesOf(packaging.Options{Instance: a.daemon.Instance, System: machines})
		answer <- err != nil || !daemon.SameSocket(u.Socket.Listen, a.daemon.Socket) || u.Service.Runs()
	}()
	select {
	case runs := <-answer:
		return runs
	case <-a.ctx.Done():
		return false // and this process exits
	}
}
