package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
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
)

// A Run is one run of a job, for its worker. One goroutine uses it. A job that
// is interrupted continues with another Run.
type Run struct {
	ID  protocol.ID
	Log zerolog.Logger // its lines carry the job's id and trace id

	job        *job
	input      []byte
	checkpoint []byte

	reported      time.Time // when progress was last published
	reportedDone  int64
	reportedPhase string
	rate          float64

	stop  context.CancelCauseFunc
	ended chan struct{} // closed when the run has ended and the job's status is settled

	before  time.Duration // how long the job ran before
	started time.Time     // guarded by Service.mu, except for reads on the run's own goroutine
	next    api.JobStatus // guarded by Service.mu; the job's status after the run was stopped, empty while nothing stops it
}

func newRun(j *job, stop context.CancelCauseFunc) *Run {
	return &Run{
		ID: j.ID, job: j, stop: stop, ended: make(chan struct{}), before: j.elapsed,
		Log: j.queue.service.log.With().Stringer("job_id", j.ID).Stringer("library_id", j.LibraryID).Str("trace_id", j.TraceID).Logger(),
	}
}

// interrupt stops the run at its next checkpoint and sets the status that the job
// gets then. The latest call counts. Service.mu is held.
func (r *Run) interrupt(next api.JobStatus) {
	r.next = next
	r.stop(errInterrupted)
}

// Library returns the job's library, nil for a job of the instance.
func (r *Run) Library() *library.Library { return r.job.queue.lib }

// DB returns the database that the job is kept in.
func (r *Run) DB() *store.DB { return r.job.queue.db }

// TraceID returns the trace id of the call that started the job.
func (r *Run) TraceID() string { return r.job.TraceID }

// Checkpoint decodes the last checkpoint that was saved, and reports whether
// there is one.
func (r *Run) Checkpoint(dst any) (bool, error) {
	if len(r.checkpoint) == 0 {
		return false, nil
	}
	return true, json.Unmarshal(r.checkpoint, dst)
}

// Elapsed returns how long the job has run, including earlier runs.
func (r *Run) Elapsed() time.Duration {
	if r.started.IsZero() {
		return r.before
	}
	return r.before + time.Since(r.started)
}

// StartOver forgets the checkpoint, the progress and the warnings of earlier
// runs. It is for a worker that cannot continue them.
func (r *Run) StartOver(ctx context.Context) error {
	r.checkpoint = nil
	s := r.job.queue.service
	s.mu.Lock()
	r.job.progress = api.Progress{}
	s.mu.Unlock()
	return r.DB().Write(ctx, func(tx *store.Tx) error {
		if err := tx.Exec("DELETE FROM job_warning WHERE job = ?", r.job.row); err != nil {
			return err
		}
		return tx.Exec("UPDATE job SET checkpoint = NULL, progress = NULL, warnings = 0 WHERE id = ?", r.job.row)
	})
}

// Save saves a checkpoint, the progress so far and new warnings, in the
// transaction of the work that they describe.
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

// Progress reports how far the job is. It may be called as often as there is
// something to report; the rate and the time left are computed here.
func (r *Run) Progress(p api.Progress) {
	now := time.Now()
	due := now.Sub(r.reported) >= progressInterval
	if due {
		if r.reportedPhase == p.Phase {
			rate := float64(p.Done-r.reportedDone) / now.Sub(r.reported).Seconds()
			if r.rate == 0 {
				r.rate = rate
			}
			const weight = 0.2 // of the newest interval in the moving average
			r.rate += weight * (rate - r.rate)
		} else {
			r.rate = 0
		}
		r.reported, r.reportedDone, r.reportedPhase = now, p.Done, p.Phase
	}
	p.Rate = r.rate
	if r.rate > 0 && p.Total > p.Done {
		p.ETAMS = int64(float64(p.Total-p.Done) / r.rate * 1000)
	}
	s := r.job.queue.service
	s.mu.Lock()
	r.job.progress = p
	s.mu.Unlock()
	if due {
		r.job.publish()
	}
}

// work runs the job to its end, or until it is stopped.
func (r *Run) work(ctx context.Context) {
	j := r.job
	q := j.queue
	defer q.runs.Done()
	defer r.stop(nil)
	out, err := r.call(ctx)
	r.settle(ctx, out, err)
	q.service.mu.Lock()
	j.run, j.elapsed = nil, r.Elapsed()
	q.service.mu.Unlock()
	close(r.ended)
	q.service.schedule()
	q.shrink()
}

// call starts the job in the database and runs its worker.
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
	j := r.job
	s := j.queue.service
	worker, ok := s.workers[j.Kind]
	if !ok {
		return nil, protocol.Errorf(protocol.OperationFailed, "this version of spacedrive knows no jobs of kind %q", j.Kind).
			WithHint("upgrade spacedrive")
	}
	err = j.queue.db.Write(ctx, func(tx *store.Tx) error {
		err := tx.Exec("UPDATE job SET status = ?, error = NULL, started_at = ifnull(started_at, ?) WHERE id = ?",
			string(api.JobRunning), time.Now(), j.row)
		if err != nil {
			return err
		}
		return tx.Each("SELECT input, checkpoint FROM job WHERE id = ?", func(s *sqlite.Stmt) error {
			r.input, r.checkpoint = []byte(s.ColumnText(0)), []byte(s.ColumnText(1))
			return nil
		}, j.row)
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	r.started = time.Now()
	s.mu.Unlock()
	r.reported = r.started
	j.publish()
	r.Log.Info().Str("kind", j.Kind).Bool("resumed", len(r.checkpoint) > 0).Msg("a job runs")
	return worker.run(ctx, r)
}
