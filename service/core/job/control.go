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
func (q *Queue) Pause(ctx context.Context, id protocol.ID) error {
	return q.change(ctx, id, api.JobPaused, func(j *job) error {
		return j.become(ctx, api.JobPaused, errPause)
	})
}

// Resume lets a paused job continue, also one that is only about to be paused.
// One that is queued or running does so anyway.
func (q *Queue) Resume(ctx context.Context, id protocol.ID) error {
	return q.change(ctx, id, api.JobRunning, func(j *job) error {
		return j.become(ctx, api.JobQueued, errResume)
	})
}

// Cancel ends a job for good and returns once it has ended. What it did so far
// stays.
func (q *Queue) Cancel(ctx context.Context, id protocol.ID) error {
	return q.change(ctx, id, api.JobCancelled, func(j *job) error {
		return j.become(ctx, api.JobCancelled, errCancel)
	})
}

// CancelLocation cancels all jobs on a location.
func (q *Queue) CancelLocation(ctx context.Context, location protocol.ID) error {
	q.service.mu.Lock()
	var ids []protocol.ID
	for _, j := range q.jobs {
		if j.LocationID == location {
			ids = append(ids, j.ID)
		}
	}
	q.service.mu.Unlock()
	for _, id := range ids {
		if err := q.Cancel(ctx, id); err != nil && !protocol.HasCode(err, protocol.Conflict) {
			return err
		}
	}
	return nil
}

// change calls fn with an unfinished job while no other call changes it, and
// then checks that the job has, or had already, the status that was wanted. One
// that had another end is a conflict.
func (q *Queue) change(ctx context.Context, id protocol.ID, want api.JobStatus, fn func(*job) error) error {
	q.service.mu.Lock()
	j, closed := q.jobs[id], q.closed
	q.service.mu.Unlock()
	if closed {
		return q.closing()
	}
	if j != nil {
		select {
		case j.change <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-j.change }()
		if err := fn(j); err != nil {
			return err
		}
		q.service.mu.Lock()
		finished := j.status.Finished()
		q.service.mu.Unlock()
		if !finished {
			return nil
		}
	}
	r, found, err := find(ctx, q.db, id)
	if err != nil {
		return err
	}
	if !found {
		return noJob(id, q.lib)
	}
	if r.Status.Finished() && r.Status != want {
		return protocol.Errorf(protocol.Conflict, "the job is %s", r.Status).
			With("job_id", id).With("status", string(r.Status))
	}
	return nil
}

// become gives a job another status. A running one is stopped, and become
// returns when it has stopped, but for one that is to be queued again: where a
// call that stops it has not come to its end, that call no longer counts.
func (j *job) become(ctx context.Context, to api.JobStatus, why error) error {
	s := j.queue.service
	s.mu.Lock()
	for j.status == api.JobRunning {
		r := j.run
		if r == nil { // it was stopped with the queue
			s.mu.Unlock()
			return j.queue.closing()
		}
		if to == api.JobQueued {
			if r.next != "" {
				r.next = to
			}
			s.mu.Unlock()
			return nil
		}
		r.interrupt(to, why)
		s.mu.Unlock()
		select {
		case <-r.ended:
		case <-ctx.Done():
			return ctx.Err() // the job stops all the same, a little later
		}
		s.mu.Lock()
	}
	if j.status.Finished() || j.status == to {
		s.mu.Unlock()
		return nil
	}
	j.held = true
	s.mu.Unlock()
	return j.move(ctx, to)
}

// move gives a job that is held and does not run another status.
func (j *job) move(ctx context.Context, to api.JobStatus) error {
	q := j.queue
	s := q.service
	var finished any
	if to.Finished() {
		finished = time.Now()
	}
	err := q.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Exec("UPDATE job SET status = ?, error = NULL, finished_at = ? WHERE id = ?", string(to), finished, j.row); err != nil {
			return err
		}
		return q.prune(tx)
	})
	if err != nil {
		s.mu.Lock()
		j.held = false
		status := j.status
		s.mu.Unlock()
		s.schedule()
		return fmt.Errorf("job %s stays %s: %w", j.ID, status, err)
	}
	disks := disksOf(s.mounted(), j.claims) // its disk may have been mounted since
	j.publishAfter(protocol.Value{}, func() bool {
		j.held, j.status, j.err, j.unsaved, j.waiting, j.disks = false, to, nil, false, nil, disks
		if to.Finished() {
			delete(q.jobs, j.ID)
		}
		return true
	})
	s.schedule()
	return nil
}
