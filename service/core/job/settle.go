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

// settle saves and publishes the status of a job whose run has ended.
func (r *Run) settle(ctx context.Context, out any, err error) {
	if err != nil && errors.Is(context.Cause(ctx), errStop) {
		return // the database has it as running: it continues at the next start
	}
	for done := false; !done; {
		done = r.trySettle(err, out)
	}
}

// trySettle is settle. It returns false if what the job is to become has changed
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
		// The job is not lost: in the database it is still running, so it
		// continues at the next start, if nobody resumes it before.
		r.Log.Error().Err(saved).Str("status", string(status)).Msg("cannot save a job's status")
		status, failure = api.JobPaused, pausedBy(saved, r.ID)
	}
	var output protocol.Value
	if status == api.JobCompleted {
		output = protocol.ValueOf(out)
	}
	settled := j.publishAfter(output, func() bool {
		if saved == nil && err != nil && next != r.next {
			return false
		}
		j.settled(status, failure)
		j.unsaved = saved != nil
		if status == api.JobCompleted {
			j.progress.ETAMS = 0
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
// error that explains it. next is what the job is to become.
func (r *Run) verdict(next api.JobStatus, err error) (api.JobStatus, *protocol.Error) {
	switch {
	case err == nil:
		return api.JobCompleted, nil
	case next != "":
		return next, nil
	case errors.Is(err, syscall.ENOSPC):
		return api.JobPaused, pausedBy(err, r.ID)
	}
	return api.JobFailed, protocol.AsError(err)
}

// pausedBy returns the error of a job that the daemon has paused because of err.
func pausedBy(err error, id protocol.ID) *protocol.Error {
	wire := *protocol.AsError(err)
	if errors.Is(err, syscall.ENOSPC) {
		return wire.WithHint("free some space, then: spacedrive job resume %s", id)
	}
	return wire.WithHint("to try again: spacedrive job resume %s", id)
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

// prune removes finished jobs but for those that ended last.
func (q *Queue) prune(tx *store.Tx) error {
	return tx.Exec("DELETE FROM job WHERE id IN (SELECT id FROM job WHERE NOT "+unfinishedJobs+" ORDER BY finished_at DESC, id DESC LIMIT -1 OFFSET ?)", q.keep)
}
