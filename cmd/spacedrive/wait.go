package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// watchHeartbeat is how long nothing may be heard of jobs before their state
// is asked for.
const watchHeartbeat = 2000 // milliseconds

// A watch follows jobs until all have ended, and shows how far they are. It
// outlives the daemon: jobs go on with the next one, and so does the watch.
type watch struct {
	a     *app
	c     *client.Client
	lib   protocol.ID // zero: the connection's own
	order []protocol.ID
	jobs  map[protocol.ID]*api.JobInfo // as last asked for; what events tell is put in
	final map[protocol.ID]bool         // jobs that have ended, with their output

	away    bool          // there is no connection, and word of the next one will come
	stale   bool          // the state is to be asked for
	refused bool          // it was, and the daemon said that it is unavailable
	answers <-chan string // to the question of what shall become of the jobs; nil: not asked
}

func (a *app) newWatch(lib protocol.ID, jobs ...protocol.ID) *watch {
	return &watch{a: a, c: a.conn, lib: lib, order: jobs, jobs: map[protocol.ID]*api.JobInfo{}, final: map[protocol.ID]bool{}}
}

// await waits until the job has ended and returns it with its output. It asks
// what shall become of the job at Ctrl-C. A job that did not complete is an
// error. seq is of the answer that named the job.
func (a *app) await(id, lib protocol.ID, seq uint64) (api.JobInfo, error) {
	w := a.newWatch(lib, id)
	if err := w.run(seq); err != nil {
		return api.JobInfo{}, err
	}
	return *w.jobs[id], jobError(&w.jobs[id].Job)
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
		EventTypes:  []protocol.EventType{api.JobUpdate.Type},
		HeartbeatMS: watchHeartbeat,
		After:       &protocol.Position{BootID: w.c.Hello().Daemon.BootID, Seq: seq},
	}
	if len(w.order) == 1 {
		req.Filter.JobID = w.order[0]
	}
	sub, err := w.c.Subscribe(ctx, req, w.a.resumption()...)
	if err != nil {
		return err
	}
	defer sub.Close()
	messages := pump(ctx, sub)
	defer func() { stop(); <-messages.done }()

	w.stale = true
	for {
		if err := w.refresh(ctx); err != nil {
			return err
		}
		w.show(w.ended())
		if w.ended() {
			return nil
		}
		select {
		case m := <-messages.next:
			if m.err != nil {
				return w.lost(m.err)
			}
			w.take(m.Message)
		case s := <-interrupts:
			if err := w.interrupted(s); err != nil {
				return err
			}
		case answer := <-w.answers:
			if err := w.answered(ctx, answer); err != nil {
				return err
			}
		}
	}
}

// refresh asks for the state of every job where that is to be done. Where there
// is no connection it leaves that for later.
func (w *watch) refresh(ctx context.Context) error {
	if !w.stale || w.away {
		return nil
	}
	for _, id := range w.order {
		if w.final[id] && w.jobs[id].Status.Finished() {
			continue
		}
		info, err := client.Call(ctx, w.c, api.JobsInfo, api.JobInfoInput{JobID: id}, client.InLibrary(w.lib))
		if err != nil {
			return w.refreshFailed(ctx, err)
		}
		w.jobs[id], w.final[id] = &info, over(info.Status)
	}
	w.stale, w.refused = false, false
	return nil
}

// refreshFailed returns err unless it comes of the connection's end: then the
// subscription, which is on the same connection, tells of the next one, or that
// there is none.
func (w *watch) refreshFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	switch protocol.AsError(err).Code {
	case protocol.ConnectionFailed, protocol.ReadError, protocol.WriteError, protocol.Cancelled:
		w.away = true
		return nil
	case protocol.CoreUnavailable: // it stops, or it cannot open its data
		select {
		case <-w.c.Done():
			w.away = true
			return nil
		default:
		}
		if !w.refused {
			w.refused = true
			return w.refresh(ctx)
		}
	}
	return err
}

// take takes in what the subscription delivers.
func (w *watch) take(m client.Message) {
	switch {
	case m.Lost != nil:
		w.away = true
		w.a.noteLink(m)
	case m.Resumed != nil:
		w.away, w.stale = false, true
		w.a.noteLink(m)
	case m.Event == nil: // a gap, or silence
		w.stale = true
	default:
		job := w.jobs[m.Event.JobID]
		var update api.JobEvent
		if job == nil || job.Status.Finished() || m.Event.Data.Decode(&update) != nil {
			return // another's job, an old event, or one of a later version
		}
		job.Status, job.Progress, job.Error = update.Status, update.Progress, update.Error
		w.final[job.ID] = false
		w.stale = w.stale || over(job.Status) // for its output
	}
}

// over reports whether there is nothing more to wait for. A paused job goes on
// when a person says so, and not before.
func over(s api.JobStatus) bool { return s.Finished() || s == api.JobPaused }

func (w *watch) ended() bool {
	for _, id := range w.order {
		if !w.final[id] {
			return false
		}
	}
	return true
}

func (w *watch) show(now bool) {
	if w.a.term.live != nil && w.answers == nil {
		w.a.term.live.paint(progressOf(w.order, w.jobs), now)
	}
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
	if why := protocol.AsError(err); why.Code == protocol.ConnectionFailed {
		e.Message += ", and is not back: " + why.Message
	}
	return e.With("cause", err.Error())
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
