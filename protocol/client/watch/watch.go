// Package watch follows jobs until they end, over restarts of the daemon.
package watch

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// heartbeat is how long no event may come before the state of the jobs is asked
// for.
const heartbeat = 2000 // milliseconds

// An Update is the state of the jobs after something happened.
type Update struct {
	Jobs    []api.JobInfo   // in the order of the ids; empty until the daemon was first asked
	Lost    *client.Lost    // the connection broke, and the watch waits for another
	Resumed *client.Resumed // there is another
}

// Options say more about a watch.
type Options struct {
	Library protocol.ID // of the jobs; zero: the daemon looks in all libraries
	// After is the number of an event, from client.WithSeq of the call that named
	// the jobs. It saves reading older events.
	After     uint64
	Subscribe []client.SubscribeOption
}

// Jobs yields the state of the jobs at once and after each change, until all
// have ended; the last update has their output. A paused job counts as ended,
// since it continues only when someone resumes it.
//
// Jobs survive a restart of the daemon, and so does the watch, for as long as the
// client's target allows (client.Target.GiveUpAfter). An error ends it.
func Jobs(ctx context.Context, c *client.Client, o Options, ids ...protocol.ID) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		w := &watch{c: c, lib: o.Library, ids: ids, jobs: make(map[protocol.ID]*api.JobInfo), final: make(map[protocol.ID]bool)}
		req := protocol.SubscribeRequest{
			EventTypes:  []protocol.EventType{api.JobUpdate.Type},
			HeartbeatMS: heartbeat,
			After:       &protocol.Position{BootID: c.Hello().Daemon.BootID, Seq: o.After},
		}
		if len(ids) == 1 {
			req.Filter.JobID = ids[0]
		}
		sub, err := c.Subscribe(ctx, req, o.Subscribe...)
		if err != nil {
			yield(Update{}, err)
			return
		}
		defer sub.Close()
		w.stale = true
		for m := (client.Message{}); ; {
			if err := w.refresh(ctx); err != nil {
				yield(Update{}, err)
				return
			}
			ended := w.ended()
			if !yield(Update{w.state(), m.Lost, m.Resumed}, nil) || ended {
				return
			}
			if m, err = sub.Next(ctx); err != nil {
				yield(Update{}, w.lost(err))
				return
			}
			w.take(m)
		}
	}
}

// Error returns why a job that has ended, or is paused, did not complete; nil
// where it did.
func Error(j *api.Job) error {
	switch j.Status {
	case api.JobFailed:
		if j.Error != nil {
			return j.Error
		}
		return protocol.Errorf(protocol.OperationFailed, "the job %s failed", j.ID).WithHint("spacedrive logs --job %s tells more", j.ID)
	case api.JobCancelled:
		return protocol.Errorf(protocol.OperationFailed, "the job %s was cancelled", j.ID).WithHint("what it did so far stays")
	case api.JobPaused:
		if j.Error != nil {
			return protocol.Errorf(protocol.Conflict, "the job %s is paused: %s", j.ID, j.Error.Message).WithHint("%s", j.Error.Hint)
		}
		return protocol.Errorf(protocol.Conflict, "the job %s is paused", j.ID).WithHint("to resume it: spacedrive job resume %s", j.ID)
	}
	return nil
}

type watch struct {
	c     *client.Client
	lib   protocol.ID
	ids   []protocol.ID
	jobs  map[protocol.ID]*api.JobInfo // as last asked for, updated from events
	final map[protocol.ID]bool         // jobs that have ended, with their output

	away    bool // there is no connection; the subscription reports the next one
	stale   bool // the state must be asked for
	refused bool // the last time, the daemon was unavailable
}

// refresh asks for the state of every job, if that is needed and there is a
// connection.
func (w *watch) refresh(ctx context.Context) error {
	if !w.stale || w.away {
		return nil
	}
	for _, id := range w.ids {
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

// refreshFailed returns err unless the end of the connection caused it: then the
// subscription, which is on the same connection, reports the next one, or that
// there is none.
func (w *watch) refreshFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	switch protocol.AsError(err).Code {
	case protocol.ConnectionFailed, protocol.ReadError, protocol.WriteError, protocol.Cancelled:
		w.away = true
		return nil
	case protocol.CoreUnavailable: // it is stopping, or cannot open its data
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

// take applies a message of the subscription.
func (w *watch) take(m client.Message) {
	switch {
	case m.Lost != nil:
		w.away = true
	case m.Resumed != nil:
		w.away, w.stale = false, true
	case m.Event == nil: // a gap, or a heartbeat
		w.stale = true
	default:
		job := w.jobs[m.Event.JobID]
		var update api.JobEvent
		if job == nil || job.Status.Finished() || m.Event.Data.Decode(&update) != nil {
			return // not one of the jobs, an old event, or one of a later version
		}
		job.Status, job.Progress, job.Error = update.Status, update.Progress, update.Error
		w.final[job.ID] = false
		w.stale = w.stale || over(job.Status) // for its output
	}
}

func over(s api.JobStatus) bool { return s.Finished() || s == api.JobPaused }

func (w *watch) ended() bool {
	for _, id := range w.ids {
		if !w.final[id] {
			return false
		}
	}
	return true
}

// state returns copies, which the caller may keep.
func (w *watch) state() []api.JobInfo {
	var jobs []api.JobInfo
	for _, id := range w.ids {
		if j := w.jobs[id]; j != nil {
			jobs = append(jobs, *j)
		}
	}
	return jobs
}

// lost explains the end of the events.
func (w *watch) lost(err error) error {
	names := make([]string, len(w.ids))
	for i, id := range w.ids {
		names[i] = id.String()
	}
	e := protocol.Errorf(protocol.ReadError, "the daemon ended while the job %s was running", strings.Join(names, ", ")).
		WithHint("the job goes on when the daemon is back; to watch it then: spacedrive job watch %s", names[0])
	if errors.Is(err, io.EOF) {
		return e
	}
	if why := protocol.AsError(err); why.Code == protocol.ConnectionFailed {
		e.Message += ", and is not back: " + why.Message
	}
	return e.With("cause", err.Error())
}
