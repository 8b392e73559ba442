package job

import (
	"context"
	"fmt"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Pause stops a job at its next checkpoint and returns once it has stopped. A
// job that is paused stays so.
func (e *Engine) Pause(ctx context.Context, id protocol.ID) error {
	return e.change(ctx, id, api.JobPaused, func(j *job) error {
		switch status := e.status(j); status {
		case api.JobPaused:
			return nil
		case api.JobRunning:
			return e.interrupt(ctx, j, errPause)
		}
		return e.move(ctx, j, api.JobPaused)
	})
}

// Resume lets a paused job go on. One that is queued or running does anyway.
func (e *Engine) Resume(ctx context.Context, id protocol.ID) error {
	return e.change(ctx, id, api.JobRunning, func(j *job) error {
		if e.status(j) != api.JobPaused {
			return nil
		}
		return e.move(ctx, j, api.JobQueued)
	})
}

// Cancel ends a job for good and returns once it has ended. What it did so far
// stays.
func (e *Engine) Cancel(ctx context.Context, id protocol.ID) error {
	return e.change(ctx, id, api.JobCancelled, func(j *job) error {
		if e.status(j) == api.JobRunning {
			if err := e.interrupt(ctx, j, errCancel); err != nil {
				return err
			}
		}
		if e.status(j).Finished() {
			return nil
		}
		return e.move(ctx, j, api.JobCancelled)
	})
}

// CancelLocation cancels all jobs on a location.
func (e *Engine) CancelLocation(ctx context.Context, location protocol.ID) error {
	e.mu.Lock()
	var ids []protocol.ID
	for _, j := range e.jobs {
		if j.LocationID == location {
			ids = append(ids, j.ID)
		}
	}
	e.mu.Unlock()
	for _, id := range ids {
		if err := e.Cancel(ctx, id); err != nil && !protocol.HasCode(err, protocol.Conflict) {
			return err
		}
	}
	return nil
}

// change calls fn with an unfinished job while no other call changes it, and
// then checks that the job has, or had already, the status that was wanted. One
// that had another end is a conflict.
func (e *Engine) change(ctx context.Context, id protocol.ID, want api.JobStatus, fn func(*job) error) error {
	e.mu.Lock()
	j := e.jobs[id]
	closed := e.closed
	e.mu.Unlock()
	if closed {
		return protocol.Errorf(protocol.CoreUnavailable, "the library %q is being closed", e.lib.Name())
	}
	if j != nil {
		select {
		case j.change <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-j.change }()
		if !e.status(j).Finished() {
			if err := fn(j); err != nil {
				return err
			}
		}
		if !e.status(j).Finished() {
			return nil
		}
	}
	r, err := load(ctx, e.lib.DB, id)
	if err != nil {
		return err
	}
	if r.Status.Finished() && r.Status != want {
		return protocol.Errorf(protocol.Conflict, "the job is %s", r.Status).
			With("job_id", id).With("status", string(r.Status))
	}
	return nil
}

func (e *Engine) status(j *job) api.JobStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	return j.status
}

// interrupt stops a running job and waits until it has stopped.
func (e *Engine) interrupt(ctx context.Context, j *job, why error) error {
	e.mu.Lock()
	stop, ended := j.stop, j.ended
	e.mu.Unlock()
	stop(why)
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err() // the job stops all the same, a little later
	}
}

// move gives a job that is not running another status. A queued one is held
// back meanwhile, so that it does not start.
func (e *Engine) move(ctx context.Context, j *job, to api.JobStatus) error {
	e.mu.Lock()
	if j.status == api.JobRunning {
		// It was queued when looked at, and has started since.
		e.mu.Unlock()
		if err := e.interrupt(ctx, j, map[api.JobStatus]error{api.JobPaused: errPause, api.JobCancelled: errCancel}[to]); err != nil {
			return err
		}
		e.mu.Lock()
	}
	if j.status.Finished() || j.status == to {
		e.mu.Unlock()
		return nil
	}
	j.held = true
	e.mu.Unlock()

	var finished any
	if to.Finished() {
		finished = time.Now()
	}
	err := e.lib.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Exec("UPDATE job SET status = ?, error = NULL, finished_at = ? WHERE id = ?", string(to), finished, j.row); err != nil {
			return err
		}
		return prune(tx)
	})

	if err != nil {
		e.mu.Lock()
		j.held = false
		e.mu.Unlock()
		e.schedule()
		return fmt.Errorf("job %s stays %s: %w", j.ID, e.status(j), err)
	}
	e.publishAfter(j, protocol.Value{}, func() {
		j.held, j.status, j.err, j.unsaved = false, to, nil, false
		if to.Finished() {
			delete(e.jobs, j.ID)
		}
	})
	e.schedule()
	return nil
}
