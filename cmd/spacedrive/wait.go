package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/client/watch"
)

// A waiter shows the progress of jobs, and asks at Ctrl-C what to do with them.
type waiter struct {
	a    *app
	lib  protocol.ID
	ids  []protocol.ID
	jobs []api.JobInfo // as last reported

	answers <-chan string // to that question; nil: not asked
}

// await waits until the job has ended and returns it with its output. A job that
// did not complete is an error. seq is from the answer that named the job.
func (a *app) await(id, lib protocol.ID, seq uint64) (api.JobInfo, error) {
	jobs, err := a.awaitAll([]protocol.ID{id}, lib, seq)
	if err != nil {
		return api.JobInfo{}, err
	}
	return jobs[0], watch.Error(&jobs[0].Job)
}

// awaitAll waits until the jobs have ended, or are paused, and returns them.
func (a *app) awaitAll(ids []protocol.ID, lib protocol.ID, seq uint64) ([]api.JobInfo, error) {
	w := &waiter{a: a, lib: lib, ids: ids}
	if len(ids) == 0 {
		return nil, nil
	}
	if a.ctx.Err() != nil {
		return nil, w.leave()
	}
	interrupts, giveBack := a.interrupts.take()
	defer giveBack()
	if a.term.errTTY && !a.term.quiet && !a.term.json {
		a.term.live = &painter{to: a.term.err}
		defer func() { a.term.live.clear(); a.term.live = nil }()
	}
	type news struct {
		watch.Update
		err error
	}
	ctx, stop := context.WithCancel(a.ctx)
	updates := make(chan news)
	go func() {
		defer close(updates)
		for u, err := range watch.Jobs(ctx, a.conn, watch.Options{Library: lib, After: seq, Subscribe: a.resumption()}, ids...) {
			select {
			case updates <- news{u, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		stop()
		for range updates {
		}
	}()
	for {
		select {
		case n, ok := <-updates:
			if !ok {
				if a.ctx.Err() != nil {
					return nil, a.ctx.Err()
				}
				return w.jobs, nil
			}
			if n.err != nil {
				return nil, n.err
			}
			w.jobs = n.Jobs
			a.noteLink(n.Lost, n.Resumed)
			w.show()
		case s := <-interrupts:
			if s != os.Interrupt || w.answers != nil || !a.term.asks() {
				return nil, w.leave()
			}
			w.ask()
		case answer, ok := <-w.answers:
			w.answers = nil
			switch {
			case strings.HasPrefix(answer, "c"):
				return nil, w.cancel()
			case strings.HasPrefix(answer, "l"), !ok:
				return nil, w.leave()
			}
			w.show()
		}
	}
}

// ask asks what to do with the jobs, which the command goes on watching.
func (w *waiter) ask() {
	what := "the job"
	if len(w.ids) > 1 {
		what = "the jobs"
	}
	w.a.term.message("")
	w.a.term.message("Cancel " + what + ", or leave it to go on without you?")
	w.a.term.message("[c]ancel  [l]eave it running (or Ctrl-C again)  [Enter] keep watching: ")
	w.answers = w.a.term.answer()
}

// finished reports whether the job is known to have ended.
func (w *waiter) finished(id protocol.ID) bool {
	return slices.ContainsFunc(w.jobs, func(j api.JobInfo) bool { return j.ID == id && j.Status.Finished() })
}

func (w *waiter) cancel() error {
	for _, id := range w.ids {
		if w.finished(id) {
			continue
		}
		_, err := client.Call(w.a.ctx, w.a.conn, api.JobsCancel, api.JobInput{JobID: id}, client.InLibrary(w.lib), client.WithTrace(w.a.traceID()))
		if err != nil && !protocol.HasCode(err, protocol.Conflict) { // it ended meanwhile
			return err
		}
		w.a.term.message("Cancelled the job " + id.String() + ". What it did so far stays.")
	}
	return exitError(exitInterrupted)
}

// leave says how to come back to the jobs that go on.
func (w *waiter) leave() error {
	for _, id := range w.ids {
		if !w.finished(id) {
			w.a.term.message("The job goes on. To come back to it: " + w.a.command("job", "watch", id.String()))
		}
	}
	return exitError(exitInterrupted)
}

// show paints a line for each job.
func (w *waiter) show() {
	if w.a.term.live == nil || w.answers != nil {
		return
	}
	lines := make([]string, len(w.jobs))
	for i, j := range w.jobs {
		lines[i] = watch.Progress(j.Kind, j.Status, j.Progress)
	}
	w.a.term.live.paint(lines)
}

// A painter keeps progress lines, one a job, at the bottom of a terminal.
type painter struct {
	to      *os.File
	shown   int       // lines on the screen now
	painted time.Time // the last time
}

// repaintEvery is the shortest time between two changes of the lines: faster ones
// cannot be read.
const repaintEvery = 100 * time.Millisecond

// paint replaces the lines, unless it did so within repaintEvery.
func (p *painter) paint(lines []string) {
	if p.shown > 0 && time.Since(p.painted) < repaintEvery {
		return
	}
	p.painted = time.Now()
	var b strings.Builder
	p.home(&b)
	width := columns(int(p.to.Fd())) - 1 // the last column makes some terminals wrap
	for _, line := range lines {
		b.WriteString(runewidth.Truncate(line, width, "…") + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	p.shown = len(lines)
	fmt.Fprint(p.to, b.String())
}

// clear removes the lines from the screen.
func (p *painter) clear() {
	if p.shown == 0 {
		return
	}
	var b strings.Builder
	p.home(&b)
	b.WriteString("\x1b[J")
	p.shown = 0
	fmt.Fprint(p.to, b.String())
}

func (p *painter) home(b *strings.Builder) {
	if p.shown > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r", p.shown)
	}
}

// resumption returns what a command's subscription does when its connection ends.
func (a *app) resumption() []client.SubscribeOption {
	if a.cli.Reconnect == 0 {
		return []client.SubscribeOption{client.WithoutResume()}
	}
	return nil
}

// noteLink reports that the connection was lost, or exists again.
func (a *app) noteLink(lost *client.Lost, resumed *client.Resumed) {
	switch {
	case lost != nil && lost.Stopped:
		a.term.note("The daemon has stopped; waiting for the next one, for %v.", a.cli.Reconnect)
	case lost != nil:
		message, _ := human.Error(lost.Err)
		a.term.note("%s; trying again, for %v.", sentence(message), a.cli.Reconnect)
	case resumed != nil && resumed.Restarted:
		a.term.note("The daemon is back, newly started (pid %d).", a.conn.Hello().Daemon.PID)
	case resumed != nil:
		a.term.note("Connected again.")
	}
}

func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
