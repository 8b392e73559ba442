package job_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func TestPauseResumeCancel(t *testing.T) {
	pause := func(l *lab, id protocol.ID) (api.Job, error) {
		return call(l, api.JobsPause, api.JobInput{JobID: id})
	}
	resume := func(l *lab, id protocol.ID) (api.Job, error) {
		return call(l, api.JobsResume, api.JobInput{JobID: id})
	}
	cancel := func(l *lab, id protocol.ID) (api.Job, error) {
		return call(l, api.JobsCancel, api.JobInput{JobID: id})
	}
	type action func(*lab, protocol.ID) (api.Job, error)
	for _, tt := range []struct {
		name     string
		actions  []action
		status   api.JobStatus // after the last
		conflict bool          // whether the last is one
	}{
		{"pause", []action{pause}, api.JobPaused, false},
		{"pause twice", []action{pause, pause}, api.JobPaused, false},
		{"pause and resume", []action{pause, resume}, "", false},
		{"resume what runs", []action{resume}, "", false},
		{"cancel", []action{cancel}, api.JobCancelled, false},
		{"cancel twice", []action{cancel, cancel}, api.JobCancelled, false},
		{"cancel what is paused", []action{pause, cancel}, api.JobCancelled, false},
		{"pause what is cancelled", []action{cancel, pause}, api.JobCancelled, true},
		{"resume what is cancelled", []action{cancel, resume}, api.JobCancelled, true},
	} {
		for _, queued := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, queued %v", tt.name, queued), func(t *testing.T) {
				step := make(chan struct{})
				l := newLab(t, steps(step))
				location := protocol.NewID()
				id := l.start(location)
				l.wait(id, api.JobRunning)
				if queued { // behind another on the same location
					id = l.start(location)
				}
				for i, act := range tt.actions {
					j, err := act(l, id)
					if i < len(tt.actions)-1 || !tt.conflict {
						if err != nil {
							t.Fatal(err)
						}
						if tt.status != "" && i == len(tt.actions)-1 && j.Status != tt.status {
							t.Errorf("the answer says %s", j.Status)
						}
						continue
					}
					wire := wantCode(t, err, protocol.Conflict)
					if !strings.Contains(wire.Message, string(tt.status)) || wire.Details["status"] != string(tt.status) {
						t.Errorf("%v, details %v", wire, wire.Details)
					}
				}
				if tt.status != "" {
					if info := l.info(id); info.Status != tt.status {
						t.Errorf("it is %s", info.Status)
					}
					return
				}
				if status := l.info(id).Status; status != api.JobRunning && status != api.JobQueued {
					t.Errorf("it is %s", status)
				}
			})
		}
	}
	t.Run("what is completed", func(t *testing.T) {
		l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
		id := l.start(protocol.ID{})
		l.wait(id, api.JobCompleted)
		for _, act := range []action{pause, resume, cancel} {
			_, err := act(l, id)
			wantCode(t, err, protocol.Conflict)
		}
	})
	t.Run("what there is not", func(t *testing.T) {
		l := newLab(t, nil)
		for _, act := range []action{pause, resume, cancel} {
			_, err := act(l, protocol.NewID())
			wantCode(t, err, protocol.NotFound)
		}
	})
}

func TestResumeGoesOnFromTheCheckpoint(t *testing.T) {
	step := make(chan struct{})
	l := newLab(t, steps(step))
	id := l.start(protocol.ID{})
	for range 4 {
		step <- struct{}{}
	}
	if j, err := call(l, api.JobsPause, api.JobInput{JobID: id}); err != nil || j.Status != api.JobPaused || j.Progress.Done < 3 {
		t.Fatalf("%+v, %v", j, err)
	}
	done := l.info(id).Progress.Done
	l.close()
	l.open()
	if j := l.info(id); j.Status != api.JobPaused || j.Progress.Done != done {
		t.Fatalf("after a restart: %+v", j)
	}
	if c := l.jobs.Counts(); c != (api.JobCounts{Paused: 1}) {
		t.Errorf("counts %+v", c)
	}
	if _, err := call(l, api.JobsResume, api.JobInput{JobID: id}); err != nil {
		t.Fatal(err)
	}
	for range 10 - done { // one more would block
		step <- struct{}{}
	}
	l.wait(id, api.JobCompleted)
}

func TestRestartGoesOnWithWhatRan(t *testing.T) {
	step := make(chan struct{})
	l := newLab(t, steps(step))
	location := protocol.NewID()
	first, second := l.start(location), l.start(location)
	step <- struct{}{}
	l.wait(first, api.JobRunning)
	l.close()
	if c := l.jobs.Counts(); c != (api.JobCounts{}) {
		t.Errorf("counts while closed: %+v", c)
	}
	l.open()
	l.wait(first, api.JobRunning)
	if s := l.info(second).Status; s != api.JobQueued {
		t.Errorf("the second is %s", s)
	}
	finished := make(chan struct{})
	go func() {
		for {
			select {
			case step <- struct{}{}:
			case <-finished:
				return
			}
		}
	}()
	l.wait(first, api.JobCompleted)
	l.wait(second, api.JobCompleted)
	close(finished)
}

func TestResumedWhileItsRunEnds(t *testing.T) {
	var failed atomic.Bool
	l := newLab(t, func(context.Context, *job.Run) (output, error) {
		if !failed.Swap(true) {
			return output{}, fmt.Errorf("write: %w", syscall.ENOSPC)
		}
		return output{Steps: 1}, nil
	})
	ids, resumed := make(chan protocol.ID, 1), make(chan error, 1)
	l.log.on = func(line string) {
		if strings.Contains(line, "a job is paused") {
			_, err := call(l, api.JobsResume, api.JobInput{JobID: <-ids})
			resumed <- err
		}
	}
	id := l.start(protocol.ID{})
	ids <- id
	if err := <-resumed; err != nil {
		t.Fatal(err)
	}
	l.wait(id, api.JobCompleted)
}

func TestTheLastOfPauseAndResumeCounts(t *testing.T) {
	started, stopping, stop := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var again atomic.Bool
	l := newLab(t, func(ctx context.Context, r *job.Run) (output, error) {
		if again.Swap(true) {
			return output{}, nil
		}
		close(started)
		<-ctx.Done()
		close(stopping)
		<-stop
		return output{}, context.Cause(ctx)
	})
	id := l.start(protocol.ID{})
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-stopping; cancel() }()
	if _, err := callContext(ctx, l, api.JobsPause, api.JobInput{JobID: id}); err != context.Canceled {
		t.Fatal(err)
	}
	if _, err := call(l, api.JobsResume, api.JobInput{JobID: id}); err != nil {
		t.Fatal(err)
	}
	close(stop)
	l.events.await(t, id, api.JobCompleted)
	l.wait(id, api.JobCompleted)
}

// A job is known to the queue before the next transaction begins, so the removal
// of its location finds it.
func TestAJobThatWasInsertedIsCancelledWithItsLocation(t *testing.T) {
	l := newLab(t, steps(nil))
	location := protocol.NewID()
	q, err := l.jobs.In(l.lib)
	if err != nil {
		t.Fatal(err)
	}
	id := l.start(location)
	var wait func(context.Context)
	err = l.lib.DB.Write(t.Context(), func(tx *store.Tx) (err error) {
		wait, err = q.CancelLocation(tx, location)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wait(t.Context())
	if info := l.info(id); info.Status != api.JobCancelled {
		t.Errorf("it is %s", info.Status)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	step := make(chan struct{})
	l := newLab(t, steps(step))
	var ids []protocol.ID
	for i := range 6 {
		ids = append(ids, l.start(protocol.ID{byte(i % 3), 1}))
	}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case step <- struct{}{}:
			case <-ended:
				return
			}
		}
	}()
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for k := range 15 {
				id := ids[(i+k)%len(ids)]
				op := []protocol.Operation[api.JobInput, api.Job]{api.JobsPause, api.JobsResume}[(i+k)%2]
				if _, err := call(l, op, api.JobInput{JobID: id}); err != nil && !protocol.HasCode(err, protocol.Conflict) {
					t.Error(err)
				}
				if _, err := call(l, api.JobsList, api.JobListInput{}); err != nil {
					t.Error(err)
				}
				l.jobs.Counts()
			}
		})
	}
	callers.Wait()
	for _, id := range ids {
		if _, err := call(l, api.JobsResume, api.JobInput{JobID: id}); err != nil && !protocol.HasCode(err, protocol.Conflict) {
			t.Error(err)
		}
		l.wait(id, api.JobCompleted)
	}
	close(ended)
	if c := l.jobs.Counts(); c != (api.JobCounts{}) {
		t.Errorf("counts %+v", c)
	}
}
