package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// watchHeartbeat is how long nothing may be heard of jobs before their state
// is asked for.
const watchHeartbeat = 2000 // milliseconds

// A watch follows jobs until all have ended, and shows how far they are.
type watch struct {
	a     *app
	c     *client.Client
	lib   protocol.ID // zero: the connection's own
	order []protocol.ID
	jobs  map[protocol.ID]*api.Job
}

// await waits until the job has ended and returns it with its output. It asks
// what shall become of the job at Ctrl-C. A job that did not complete is an
// error. seq is of the answer that named the job.
func (a *app) await(id, lib protocol.ID, seq uint64) (api.JobInfo, error) {
	w := &watch{a: a, c: a.conn, lib: lib, order: []protocol.ID{id}, jobs: map[protocol.ID]*api.Job{}}
	if err := w.run(seq); err != nil {
		return api.JobInfo{}, err
	}
	info, err := w.info(a.ctx, id)
	if err != nil {
		return info, err
	}
	return info, jobError(&info.Job)
}

// jobError returns why a job that is watched no longer did not complete.
func jobError(j *api.Job) error {
	switch j.Status {
	case api.JobFailed:
		if j.Error != nil {
			return j.Error
		}
		return protocol.Errorf(protocol.OperationFailed, "the job %s failed", j.ID).WithHint("spacedrive logs --job %s tells more", j.ID)
	case api.JobCancelled:
		return protocol.Errorf(protocol.OperationFailed, "the job %s was cancelled", j.ID).WithHint("what it did so far stays")
	case api.JobPaused:
		e := protocol.Errorf(protocol.Conflict, "the job %s is paused", j.ID)
		if j.Error != nil {
			return protocol.Errorf(protocol.Conflict, "the job %s is paused: %s", j.ID, j.Error.Message).WithHint("%s", j.Error.Hint)
		}
		return e.WithHint("to let it go on: spacedrive job resume %s", j.ID)
	}
	return nil
}

func (w *watch) info(ctx context.Context, id protocol.ID) (api.JobInfo, error) {
	return client.Call(ctx, w.c, api.JobsInfo, api.JobInfoInput{JobID: id}, client.InLibrary(w.lib))
}

// run follows the jobs in w.order from the events after seq.
func (w *watch) run(seq uint64) error {
	if w.a.ctx.Err() != nil {
		return w.leave()
	}
	interrupts := w.a.interrupts.take()
	defer w.a.interrupts.give()
	ctx, stop := context.WithCancel(w.a.ctx)
	defer stop()
	if w.a.term.errTTY && !w.a.term.quiet && !w.a.term.json {
		w.a.term.live = &painter{to: w.a.term.err, width: w.a.term.width}
		defer func() { w.a.term.live.clear(); w.a.term.live = nil }()
	}
	req := protocol.SubscribeRequest{
		EventTypes:  []protocol.EventType{protocol.JobUpdate},
		HeartbeatMS: watchHeartbeat,
		After:       &protocol.Position{BootID: w.c.Hello().Daemon.BootID, Seq: seq},
	}
	if len(w.order) == 1 {
		req.Filter.JobID = w.order[0]
	}
	sub, err := w.c.Subscribe(ctx, req)
	if err != nil {
		return err
	}
	defer sub.Close()
	if err := w.refresh(ctx); err != nil {
		return err
	}
	messages := pump(ctx, sub)
	defer func() { stop(); <-messages.done }()

	for !w.ended() {
		select {
		case m := <-messages.next:
			if m.err != nil {
				return w.lost(m.err)
			}
			if err := w.take(ctx, m.Message); err != nil {
				return err
			}
		case s := <-interrupts:
			if err := w.interrupted(ctx, s, interrupts); err != nil {
				return err
			}
		}
		w.show(w.ended())
	}
	return nil
}

// refresh asks for the state of every job.
func (w *watch) refresh(ctx context.Context) error {
	for _, id := range w.order {
		if j := w.jobs[id]; j != nil && j.Status.Finished() {
			continue
		}
		info, err := w.info(ctx, id)
		if err != nil {
			return err
		}
		w.jobs[id] = &info.Job
	}
	w.show(false)
	return nil
}

func (w *watch) take(ctx context.Context, m client.Message) error {
	if m.Event == nil { // a gap, or silence
		return w.refresh(ctx)
	}
	job := w.jobs[m.Event.JobID]
	var update api.JobEvent
	if job == nil || m.Event.Data.Decode(&update) != nil {
		return nil // another's job, or an event of a later version
	}
	if job.Status.Finished() {
		return nil
	}
	job.Status, job.Progress, job.Error = update.Status, update.Progress, update.Error
	return nil
}

func (w *watch) ended() bool {
	for _, j := range w.jobs {
		// A paused job goes on when a person says so, and not before.
		if !j.Status.Finished() && j.Status != api.JobPaused {
			return false
		}
	}
	return true
}

func (w *watch) show(now bool) {
	if w.a.term.live != nil {
		w.a.term.live.paint(progressOf(w.order, w.jobs), now)
	}
}

// interrupted asks what shall become of the jobs. A second interrupt leaves at
// once; so does the first where nobody can be asked.
func (w *watch) interrupted(ctx context.Context, s os.Signal, interrupts <-chan os.Signal) error {
	if s != os.Interrupt || !w.a.term.asks() {
		return w.leave()
	}
	what := "the job"
	if len(w.order) > 1 {
		what = "the jobs"
	}
	w.a.term.message("")
	w.a.term.message("Cancel " + what + ", or leave it to go on without you?")
	w.a.term.message("[c]ancel  [l]eave it running (or Ctrl-C again)  [Enter] keep watching: ")
	answers := make(chan string, 1)
	// The read ends with the program: a terminal's cannot be called off.
	go func() {
		line, err := bufio.NewReader(w.a.term.in).ReadString('\n')
		if err != nil {
			line = "l"
		}
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-interrupts:
		return w.leave()
	case answer := <-answers:
		switch {
		case strings.HasPrefix(answer, "c"):
			return w.cancel(ctx)
		case strings.HasPrefix(answer, "l"):
			return w.leave()
		}
	}
	err := w.refresh(ctx)
	w.show(true)
	return err
}

func (w *watch) cancel(ctx context.Context) error {
	for _, id := range w.order {
		if w.jobs[id].Status.Finished() {
			continue
		}
		_, err := client.Call(ctx, w.c, api.JobsCancel, api.JobInput{JobID: id}, client.InLibrary(w.lib), client.WithTrace(w.a.traceID()))
		if err != nil && !protocol.HasCode(err, protocol.Conflict) { // it ended meanwhile
			return err
		}
		w.a.term.message("Cancelled the job " + id.String() + ". What it did so far stays.")
	}
	return exitError(exitInterrupted)
}

// leave says how to come back to what goes on.
func (w *watch) leave() error {
	for _, id := range w.order {
		if j := w.jobs[id]; j == nil || !j.Status.Finished() {
			w.a.term.message("The job goes on. To come back to it: " + w.a.command("job", "watch", id.String()))
		}
	}
	return exitError(exitInterrupted)
}

// lost explains the end of the events.
func (w *watch) lost(err error) error {
	ids := make([]string, len(w.order))
	for i, id := range w.order {
		ids[i] = id.String()
	}
	e := protocol.Errorf(protocol.ReadError, "the daemon ended while the job %s was running", strings.Join(ids, ", ")).
		WithHint("the job goes on when the daemon is back; to watch it then: %s", w.a.command("job", "watch", ids[0]))
	if errors.Is(err, io.EOF) {
		return e
	}
	return e.With("cause", err.Error())
}

// command returns a command line of this program that means the same daemon
// and, where it is about one, the same library as this run.
func (a *app) command(words ...string) string {
	line := []string{programName()}
	for _, flag := range []struct{ name, value string }{
		{"instance", a.cli.Instance}, {"data-dir", a.cli.DataDir}, {"socket", a.cli.Socket},
		{"host", a.cli.Host}, {"library", a.cli.Library}, {"config", a.cli.Config},
	} {
		if flag.name == "library" && len(words) > 0 && slices.Contains(coreCommands, words[0]) {
			continue
		}
		if flag.name == "library" && a.suggest != "" {
			line = append(line, "--library", a.suggest)
		} else if flag.value != "" && a.source(flag.name) == fromFlag {
			line = append(line, "--"+flag.name, flag.value)
		}
	}
	line = append(line, words...)
	for i := range line {
		line[i] = shellWord(line[i])
	}
	return strings.Join(line, " ")
}

// A delivery is what Next returned.
type delivery struct {
	client.Message
	err error
}

type deliveries struct {
	next chan delivery
	done chan struct{}
}

// pump makes a subscription a channel, until it ends or ctx does.
func pump(ctx context.Context, sub *client.Subscription) deliveries {
	d := deliveries{make(chan delivery), make(chan struct{})}
	go func() {
		defer close(d.done)
		for {
			m, err := sub.Next(ctx)
			select {
			case d.next <- delivery{m, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return d
}

// sortIDs puts ids in the order in which they were made.
func sortIDs(ids []protocol.ID) {
	slices.SortFunc(ids, func(a, b protocol.ID) int { return strings.Compare(a.String(), b.String()) })
}
