package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	// progressInterval keeps progress events to ten a second.
	progressInterval = 100 * time.Millisecond
	maxWarnings      = 10_000 // listed of a job; more are only counted
	maxFinished      = 1_000  // finished jobs that are kept, the newest
)

// A Run is a job while it runs, as its handler sees it. One goroutine uses it.
type Run struct {
	ID  protocol.ID
	Log zerolog.Logger // its lines carry the job's id and trace id

	engine     *Engine
	job        *job
	input      []byte
	checkpoint []byte
	before     time.Duration // that it ran before
	started    time.Time

	told     time.Time // when progress was last published
	toldDone int64
	toldAs   string // the phase then
	rate     float64
}

// Library returns the library that the job is of.
func (r *Run) Library() *library.Library { return r.engine.lib }

// TraceID returns the trace id of the call that started the job.
func (r *Run) TraceID() string { return r.job.TraceID }

// Input decodes what the job was given.
func (r *Run) Input(dst any) error { return json.Unmarshal(r.input, dst) }

// Checkpoint decodes the last checkpoint that was saved, and reports whether
// there is one.
func (r *Run) Checkpoint(dst any) (bool, error) {
	if len(r.checkpoint) == 0 {
		return false, nil
	}
	return true, json.Unmarshal(r.checkpoint, dst)
}

// Elapsed is how long the job has run, the time before it was interrupted
// included.
func (r *Run) Elapsed() time.Duration { return r.before + time.Since(r.started) }

// Save saves a checkpoint, the progress so far and new warnings, in the
// transaction that holds the work they tell of.
func (r *Run) Save(tx *store.Tx, checkpoint any, progress api.Progress, warnings []api.Warning) error {
	c, err := protocol.JSON.Marshal(checkpoint)
	if err != nil {
		return err
	}
	p, err := protocol.JSON.Marshal(progress)
	if err != nil {
		return err
	}
	err = tx.Exec("UPDATE job SET checkpoint = ?, progress = ?, elapsed = ? WHERE id = ?",
		string(c), string(p), int64(r.Elapsed()), r.job.row)
	if err != nil || len(warnings) == 0 {
		return err
	}
	have, err := store.Int(tx.Conn, "SELECT warnings FROM job WHERE id = ?", r.job.row)
	if err != nil {
		return err
	}
	for i, w := range warnings {
		number := have + int64(i) + 1
		if number > maxWarnings {
			break
		}
		err := tx.Exec("INSERT INTO job_warning (job, number, path, code, message) VALUES (?, ?, ?, ?, ?)",
			r.job.row, number, w.Path, string(w.Code), w.Message)
		if err != nil {
			return err
		}
	}
	return tx.Exec("UPDATE job SET warnings = ? WHERE id = ?", have+int64(len(warnings)), r.job.row)
}

// Progress tells how far the job is. It may be called as often as there is
// something to tell; the rate and the time left are computed here.
func (r *Run) Progress(p api.Progress) {
	now := time.Now()
	due := now.Sub(r.told) >= progressInterval
	if due {
		if r.toldAs == p.Phase {
			rate := float64(p.Done-r.toldDone) / now.Sub(r.told).Seconds()
			if r.rate == 0 {
				r.rate = rate
			}
			const weight = 0.2 // of the newest interval in the moving average
			r.rate += weight * (rate - r.rate)
		} else {
			r.rate = 0
		}
		r.told, r.toldDone, r.toldAs = now, p.Done, p.Phase
	}
	p.Rate = r.rate
	if r.rate > 0 && p.Total > p.Done {
		p.ETAMS = int64(float64(p.Total-p.Done) / r.rate * 1000)
	}
	r.engine.mu.Lock()
	r.job.progress = p
	r.engine.mu.Unlock()
	if due {
		r.engine.publish(r.job)
	}
}

// run runs a job to its end, or until it is told to stop.
func (e *Engine) run(ctx context.Context, j *job) {
	defer e.runs.Done()
	defer j.stop(nil)
	r := &Run{
		ID: j.ID, engine: e, job: j,
		Log: e.service.log.With().Stringer("job_id", j.ID).Stringer("library_id", e.lib.ID).Str("trace_id", j.TraceID).Logger(),
	}
	out, err := r.call(ctx)
	e.settle(ctx, r, out, err)
	close(j.ended)
	e.schedule()
	e.relax()
}

// call starts the job in the database and runs its handler.
func (r *Run) call(ctx context.Context) (out any, err error) {
	defer func() {
		if v := recover(); v != nil {
			stack := string(debug.Stack())
			var inner *store.Panic
			if e, ok := v.(error); ok && errors.As(e, &inner) {
				stack = string(inner.Stack)
			}
			r.Log.Error().Str("panic", fmt.Sprint(v)).Str("stack", stack).Msg("a job panicked")
			err = protocol.Errorf(protocol.Internal, "the job failed through a bug in spacedrive: %v", v).
				WithHint("the log holds the details: spacedrive logs --job %s", r.ID)
		}
	}()
	kind, ok := r.engine.service.kinds[r.job.Kind]
	if !ok {
		return nil, protocol.Errorf(protocol.OperationFailed, "this version of spacedrive knows no jobs of kind %q", r.job.Kind).
			WithHint("upgrade spacedrive")
	}
	err = r.engine.lib.DB.Write(ctx, func(tx *store.Tx) error {
		err := tx.Exec("UPDATE job SET status = ?, error = NULL, started_at = ifnull(started_at, ?) WHERE id = ?",
			string(api.JobRunning), time.Now(), r.job.row)
		if err != nil {
			return err
		}
		return tx.Each("SELECT input, checkpoint, elapsed FROM job WHERE id = ?", func(s *sqlite.Stmt) error {
			r.input, r.checkpoint, r.before = []byte(s.ColumnText(0)), []byte(s.ColumnText(1)), time.Duration(s.ColumnInt64(2))
			return nil
		}, r.job.row)
	})
	if err != nil {
		return nil, err
	}
	r.started = time.Now()
	r.told = r.started
	r.engine.publish(r.job)
	r.Log.Info().Str("kind", r.job.Kind).Bool("resumed", len(r.checkpoint) > 0).Msg("a job runs")
	return kind.run(ctx, r)
}

// settle gives a job whose run has ended its status.
func (e *Engine) settle(ctx context.Context, r *Run, out any, err error) {
	status := api.JobCompleted
	var wire *protocol.Error
	switch cause := context.Cause(ctx); {
	case err == nil:
	case errors.Is(cause, errStop):
		return // as it stands in the database it goes on at the next start
	case errors.Is(cause, errPause):
		status = api.JobPaused
	case errors.Is(cause, errCancel):
		status = api.JobCancelled
	case errors.Is(err, syscall.ENOSPC):
		status, wire = api.JobPaused, pausedForSpace(err, r.ID)
	default:
		status, wire = api.JobFailed, protocol.AsError(err)
		r.Log.Error().Err(err).Msg("a job failed")
	}
	if status == api.JobCompleted {
		e.mu.Lock()
		r.job.progress.ETAMS = 0
		e.mu.Unlock()
	}
	saved := e.save(r, status, wire, out)
	unsaved := saved != nil
	if unsaved {
		// The job is not lost: in the database it is still running, so
		// it is taken up again at the latest at the next start.
		r.Log.Error().Err(saved).Str("status", string(status)).Msg("cannot save a job's status")
		status, wire, out = api.JobPaused, pausedForSpace(saved, r.ID), nil
	}
	var output protocol.Value
	if status == api.JobCompleted {
		output = protocol.ValueOf(out)
	}
	e.publishAfter(r.job, output, func() {
		r.job.status, r.job.err, r.job.unsaved = status, wire, unsaved
		if status.Finished() {
			delete(e.jobs, r.ID)
		}
	})
	line := r.Log.Info()
	if wire != nil && status == api.JobPaused {
		line = r.Log.Error().Err(wire) // the daemon's own doing
	}
	line.Str("kind", r.job.Kind).Msg("a job is " + string(status))
}

// pausedForSpace is the error of a job that the daemon itself has paused.
func pausedForSpace(err error, id protocol.ID) *protocol.Error {
	wire := *protocol.AsError(err)
	return wire.WithHint("free some space, then: spacedrive job resume %s", id)
}

// save writes a job's status, and what follows from it.
func (e *Engine) save(r *Run, status api.JobStatus, wire *protocol.Error, out any) error {
	e.mu.Lock()
	progress := r.job.progress
	e.mu.Unlock()
	progressJSON, err := protocol.JSON.Marshal(progress)
	if err != nil {
		return err
	}
	var output, failure, finished any
	if status == api.JobCompleted {
		text, err := protocol.JSON.Marshal(out)
		if err != nil {
			return err
		}
		output = string(text)
	}
	if failure, err = errorJSON(wire); err != nil {
		return err
	}
	if status.Finished() {
		finished = time.Now()
	}
	elapsed := r.before
	if !r.started.IsZero() {
		elapsed = r.Elapsed()
	}
	return e.lib.DB.Write(context.WithoutCancel(e.ctx), func(tx *store.Tx) error {
		err := tx.Exec("UPDATE job SET status = ?, progress = ?, output = ?, error = ?, elapsed = ?, finished_at = ? WHERE id = ?",
			string(status), string(progressJSON), output, failure, int64(elapsed), finished, r.job.row)
		if err != nil {
			return err
		}
		return prune(tx)
	})
}

func errorJSON(wire *protocol.Error) (any, error) {
	if wire == nil {
		return nil, nil
	}
	text, err := protocol.JSON.Marshal(wire)
	return string(text), err
}

// prune removes the oldest finished jobs.
func prune(tx *store.Tx) error {
	const finished = "status IN ('completed', 'failed', 'cancelled')"
	return tx.Exec("DELETE FROM job WHERE "+finished+" AND id <= (SELECT id FROM job WHERE "+finished+" ORDER BY id DESC LIMIT 1 OFFSET ?)", maxFinished)
}
