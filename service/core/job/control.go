package job

import (
	"context"
	"fmt"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// control returns the handler of jobs.pause, jobs.resume or jobs.cancel, which
// give a job the status to. A job that has ended otherwise is a conflict.
func (s *Service) control(to api.JobStatus) func(context.Context, *library.Library, api.JobInput) (api.Job, error) {
	return func(ctx context.Context, lib *library.Library, in api.JobInput) (api.Job, error) {
		q, r, err := s.find(ctx, lib, in.JobID)
		if err != nil {
			return api.Job{}, err
		}
		if err := q.change(ctx, in.JobID, to); err != nil {
			return api.Job{}, err
		}
		if _, r, err = s.findIn(ctx, lib, []*Queue{q}, in.JobID); err != nil {
			return api.Job{}, err
		}
		if r.Status.Finished() && r.Status != to {
			return api.Job{}, protocol.Errorf(protocol.Conflict, "the job is %s", r.Status).
				With("job_id", in.JobID).With("status", string(r.Status))
		}
		return q.wire(r), nil
	}
}

// change gives an unfinished job another status. Calls that change the same job
// follow one another.
func (q *Queue) change(ctx context.Context, id protocol.ID, to api.JobStatus) error {
	q.service.mu.Lock()
	j, closed := q.jobs[id], q.closed
	q.service.mu.Unlock()
	if closed {
		return q.closing()
	}
	if j == nil {
		return nil // it has finished
	}
	select {
	case j.change <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-j.change }()
	return j.become(ctx, to)
}

// become gives a job another status. To pause or cancel a running job it stops
// it, and returns when the job has stopped. To resume one it cancels a pause
// whose call has timed out.
func (j *job) become(ctx context.Context, to api.JobStatus) error {
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
		r.interrupt(to)
		s.mu.Unlock()
		select {
		case <-r.ended:
		case <-ctx.Done():
			return ctx.Err() // the job still stops, a little later
		}
		s.mu.Lock()
	}
	if j.status.Finished() || j.status == to && !j.unsaved {
		s.mu.Unlock()
		return nil
	}
	j.held = true
	s.mu.Unlock()
	err := j.move(ctx, to)
	s.mu.Lock()
	j.held = false
	status := j.status
	s.mu.Unlock()
	s.schedule()
	if err != nil {
		return fmt.Errorf("job %s stays %s: %w", j.ID, status, err)
	}
	return nil
}

// move gives a job that is held and does not run another status.
func (j *job) move(ctx context.Context, to api.JobStatus) error {
	q := j.queue
	s := q.service
	disks := disksOf(s.mounted(), j.claims) // its disk may have been mounted since
	return q.db.Write(ctx, func(tx *store.Tx) error {
		s.mu.Lock()
		finished := j.status.Finished()
		s.mu.Unlock()
		if finished {
			return nil // it was cancelled with its location
		}
		tx.AfterCommit(func() {
			j.publishAfter(protocol.Value{}, func() bool {
				j.settled(to, nil)
				j.disks = disks
				return true
			})
		})
		var at time.Time
		if to.Finished() {
			at = time.Now()
		}
		if err := tx.Exec("UPDATE job SET status = ?, error = NULL, finished_at = ? WHERE id = ?", string(to), at, j.row); err != nil {
			return err
		}
		return q.prune(tx)
	})
}

// settled notes the status of a job that does not run, as the database has it.
// Service.mu is held.
func (j *job) settled(status api.JobStatus, failure *protocol.Error) {
	j.status, j.err, j.unsaved, j.waiting = status, failure, false, nil
	if status.Finished() {
		delete(j.queue.jobs, j.ID)
	}
}

// CancelLocation cancels all jobs on a location, in the transaction that removes
// the location. Running jobs stop after the commit; wait returns when they have
// stopped or ctx has ended.
func (q *Queue) CancelLocation(tx *store.Tx, location protocol.ID) (wait func(context.Context), err error) {
	var runs []*Run
	tx.AfterCommit(func() {
		for _, j := range q.on(location) {
			j.publishAfter(protocol.Value{}, func() bool {
				switch {
				case j.status == api.JobRunning && j.run != nil:
					j.run.interrupt(api.JobCancelled)
					runs = append(runs, j.run)
					return false
				case j.status == api.JobRunning || j.status.Finished():
					return false
				}
				j.settled(api.JobCancelled, nil)
				return true
			})
		}
		q.service.schedule()
	})
	err = tx.Exec("UPDATE job SET status = ?, error = NULL, finished_at = ? WHERE location = ? AND "+unfinishedJobs,
		string(api.JobCancelled), time.Now(), location)
	if err == nil {
		err = q.prune(tx)
	}
	return func(ctx context.Context) {
		for _, r := range runs {
			select {
			case <-r.ended:
			case <-ctx.Done():
			}
		}
	}, err
}

// on returns the unfinished jobs on a location.
func (q *Queue) on(location protocol.ID) (all []*job) {
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	for _, j := range q.jobs {
		if j.LocationID == location {
			all = append(all, j)
		}
	}
	return all
}
