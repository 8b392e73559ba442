package job

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// settle gives a job whose run has ended its status.
func (r *Run) settle(ctx context.Context, out any, err error) {
	if err != nil && errors.Is(context.Cause(ctx), errStop) {
		return // the database has it as running: it continues at the next start
	}
	for done := false; !done; {
		done = r.trySettle(err, out)
	}
}

// trySettle is settle. It returns false where what the job is to become changed
// meanwhile.
func (r *Run) trySettle(err error, out any) bool {
	j := r.job
	s := j.queue.service
	s.mu.Lock()
	next := r.next
	s.mu.Unlock()
	status, failure := r.verdict(next, err)
	saved := r.save(status, failure, out)
	if saved != nil {
		// The job is not lost: in the database it is still running, so
		// it continues at the latest after the next start.
		r.Log.Error().Err(saved).Str("status", string(status)).Msg("cannot save a job's status")
		status, failure = api.JobPaused, pausedForSpace(saved, r.ID)
	}
	var output protocol.Value
	if status == api.JobCompleted {
		output = protocol.ValueOf(out)
	}
	settled := j.publishAfter(output, func() bool {
		if saved == nil && err != nil && next != r.next {
			return false
		}
		j.status, j.err, j.unsaved = status, failure, saved != nil
		if status == api.JobCompleted {
			j.progress.ETAMS = 0
		}
		if status.Finished() {
			delete(j.queue.jobs, r.ID)
		}
		return true
	})
	if !settled {
		return false
	}
	line := r.Log.Info()
	switch {
	case status == api.JobFailed:
		line = r.Log.Error().Err(err)
	case failure != nil: // the daemon has paused it
		line = r.Log.Error().Err(failure)
	}
	line.Str("kind", j.Kind).Msg("a job is " + string(status))
	return true
}

// verdict returns the status of a job whose worker has returned err, and the
// error that goes with it. next is what it was to become.
func (r *Run) verdict(next api.JobStatus, err error) (api.JobStatus, *protocol.Error) {
	switch {
	case err == nil:
		return api.JobCompleted, nil
	case next != "":
		return next, nil
	case errors.Is(err, syscall.ENOSPC):
		return api.JobPaused, pausedForSpace(err, r.ID)
	}
	return api.JobFailed, protocol.AsError(err)
}

// pausedForSpace is the error of a job that the daemon itself has paused.
func pausedForSpace(err error, id protocol.ID) *protocol.Error {
	wire := *protocol.AsError(err)
	return wire.WithHint("free some space, then: spacedrive job resume %s", id)
}

// save writes a job's status, and what follows from it.
func (r *Run) save(status api.JobStatus, failure *protocol.Error, out any) error {
	q := r.job.queue
	q.service.mu.Lock()
	progress := r.job.progress
	q.service.mu.Unlock()
	if status == api.JobCompleted {
		progress.ETAMS = 0
	}
	progressJSON, err := protocol.JSON.Marshal(progress)
	if err != nil {
		return err
	}
	var outputJSON, failureJSON, finished any
	if status == api.JobCompleted {
		text, err := protocol.JSON.Marshal(out)
		if err != nil {
			return err
		}
		outputJSON = string(text)
	}
	if failure != nil {
		text, err := protocol.JSON.Marshal(failure)
		if err != nil {
			return err
		}
		failureJSON = string(text)
	}
	if status.Finished() {
		finished = time.Now()
	}
	return q.db.Write(context.WithoutCancel(q.ctx), func(tx *store.Tx) error {
		err := tx.Exec("UPDATE job SET status = ?, progress = ?, output = ?, error = ?, elapsed = ?, finished_at = ? WHERE id = ?",
			string(status), string(progressJSON), outputJSON, failureJSON, int64(r.Elapsed()), finished, r.job.row)
		if err != nil {
			return err
		}
		return q.prune(tx)
	})
}

// prune removes the oldest finished jobs.
func (q *Queue) prune(tx *store.Tx) error {
	const finished = "status IN ('completed', 'failed', 'cancelled')"
	return tx.Exec("DELETE FROM job WHERE "+finished+" AND id <= (SELECT id FROM job WHERE "+finished+" ORDER BY id DESC LIMIT 1 OFFSET ?)", q.keep)
}
