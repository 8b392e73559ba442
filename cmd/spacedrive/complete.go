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

// completeCmd is what the scripts of packaging/completion ask for names that
// only the daemon knows. It never says what is wrong: whoever presses Tab is in
// the middle of a line.
type completeCmd struct {
	Kind  string   `arg:"" help:"What is completed, such as libraries."`
	Line  []string `arg:"" optional:"" help:"The words of the command line as they were typed, up to the cursor."`
	Shell string   `enum:",bash,zsh,fish" default:"" placeholder:"SHELL" help:"The shell that asks."`
}

func (*completeCmd) Help() string {
	return "Print what a word on the command line may be, for the shell."
}

// completionPatience is how long a person waits without noticing.
const completionPatience = 50 * time.Millisecond

// runComplete runs spacedrive complete. The flags on the line that is completed
// say which daemon is asked.
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
	_ = a.term.out.Flush() // whoever reads it may have gone
	return exitDone
}

func (c *completeCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return nil // not for a word
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionPatience)
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
			// Neither a line of this output, nor a word that is no flag.
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

// lineFlags returns those of the flags on the line that say which daemon is
// meant. It returns false where one of them has a value that only the shell
// could work out.
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

// typed returns what the shell will make of a word that was typed.
func (c *completeCmd) typed(word string) (string, bool) {
	if c.Shell == "fish" { // has taken the quotes off
		return expanded(word)
	}
	text, _, ok := unquoted(word)
	return text, ok
}

// ask connects to a daemon that runs. Where systemd or launchd holds the
// socket, to connect would be to start one, which is too much for Tab.
func (a *app) ask() error {
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

// runs reports whether a daemon runs, without connecting: by the lock of its
// data folder, else by the state of its unit. Another user's lock cannot be
// read, and that of a socket which was named may be anywhere. A socket that is
// no unit's starts nothing.
func (a *app) runs() bool {
	if !a.explicit() || a.daemon.DataDirGiven {
		pid, err := a.daemon.LockedBy()
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return pid != 0
		}
	}
	machines := a.daemon.System || a.daemon.Socket == config.SystemSocketPath(a.daemon.Instance)
	if _, err := os.Stat("/run/systemd/units"); machines && err == nil {
		// There while the unit is not inactive, for all to see (unit_export_state_files
		// in systemd's source); to ask systemctl takes most of the time that there is.
		_, err := os.Lstat("/run/systemd/units/invocation:" + packaging.ServiceUnit(a.daemon.Instance))
		return err == nil
	}
	told := make(chan bool, 1)
	go func() {
		u, err := packaging.StatesOf(packaging.Options{Instance: a.daemon.Instance, System: machines})
		told <- err != nil || !daemon.SameSocket(u.Socket.Listen, a.daemon.Socket) || u.Service.Runs()
	}()
	select {
	case runs := <-told:
		return runs
	case <-a.ctx.Done():
		return false // and this process ends
	}
}
