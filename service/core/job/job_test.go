package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type events struct {
	mu  sync.Mutex
	all []protocol.Event
}

func (e *events) Publish(ev protocol.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

// await waits until an event has told of a job's status: the database knows it
// a moment earlier.
func (e *events) await(t *testing.T, id protocol.ID, status api.JobStatus) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for all := e.statuses(id); len(all) == 0 || all[len(all)-1] != status; all = e.statuses(id) {
		if time.Now().After(deadline) {
			t.Fatalf("events told of %v, and not that the job is %s", all, status)
		}
		time.Sleep(time.Millisecond)
	}
}

// statuses returns the statuses that events of a job told of, repeats left out.
func (e *events) statuses(id protocol.ID) (all []api.JobStatus) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if ev.Type != protocol.JobUpdate || ev.JobID != id {
			continue
		}
		status := ev.Data.Interface().(api.JobEvent).Status
		if len(all) == 0 || all[len(all)-1] != status {
			all = append(all, status)
		}
	}
	return all
}

// A lab has one library whose jobs do what the test tells them to.
type lab struct {
	t       *testing.T
	dir     string
	events  *events
	manager *library.Manager
	jobs    *job.Service
	lib     *library.Library
	r       *registry.Registry
	log     *strings.Builder

	// work is what a job of kind test does. It gets the number of times that
	// it was called.
	mu   sync.Mutex
	work func(ctx context.Context, r *job.Run) (output, error)
}

type output struct {
	Steps int           `json:"steps"`
	Path  protocol.Path `json:"path"`
}

func newLab(t *testing.T, work func(context.Context, *job.Run) (output, error)) *lab {
	t.Helper()
	l := &lab{t: t, dir: t.TempDir(), work: work}
	l.open()
	out, err := call(l, api.LibrariesCreate, api.LibraryCreateInput{Name: "Home"})
	if err != nil {
		t.Fatal(err)
	}
	l.find(out.ID)
	t.Cleanup(l.close)
	return l
}

func (l *lab) open() {
	l.events = new(events)
	l.log = new(strings.Builder)
	log := zerolog.New(zerolog.SyncWriter(l.log))
	l.manager = library.NewManager(library.Options{DataDir: l.dir, Events: l.events, Log: log})
	l.jobs = job.NewService(log)
	job.Handle(l.jobs, "test", func(ctx context.Context, r *job.Run) (output, error) {
		l.mu.Lock()
		work := l.work
		l.mu.Unlock()
		return work(ctx, r)
	})
	l.manager.Attach(l.jobs)
	l.r = registry.New()
	l.manager.Register(l.r)
	l.jobs.Register(l.r, l.manager)
	if err := l.manager.Open(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	if all := l.manager.All(); len(all) == 1 {
		l.lib = all[0]
	}
}

func (l *lab) find(id protocol.ID) {
	for _, lib := range l.manager.All() {
		if lib.ID == id {
			l.lib = lib
		}
	}
}

func (l *lab) close() { l.manager.Close(context.Background()) }

func (l *lab) set(work func(context.Context, *job.Run) (output, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work = work
}

func call[In, Out any](l *lab, op protocol.Operation[In, Out], in In) (out Out, err error) {
	return callContext(context.Background(), l, op, in)
}

// callContext calls op over CBOR; the tests of package core use JSON.
func callContext[In, Out any](ctx context.Context, l *lab, op protocol.Operation[In, Out], in In) (out Out, err error) {
	m, err := l.r.Find(op.Kind, op.Name)
	if err != nil {
		return out, err
	}
	payload, err := protocol.CBOR.Marshal(in)
	if err != nil {
		return out, err
	}
	decoded, err := m.Decode(protocol.CBOR, payload)
	if err != nil {
		return out, err
	}
	result, err := m.Run(&registry.Call{Context: ctx, Session: new(registry.Session), TraceID: "control"}, decoded)
	if err != nil {
		return out, err
	}
	wire, err := protocol.CBOR.Marshal(result)
	if err != nil {
		return out, err
	}
	return out, protocol.CBOR.Unmarshal(wire, &out)
}

// start queues a job.
func (l *lab) start(location protocol.ID) protocol.ID {
	l.t.Helper()
	e, err := l.jobs.In(l.lib)
	if err != nil {
		l.t.Fatal(err)
	}
	var pending *job.Pending
	err = l.lib.DB.Write(context.Background(), func(tx *store.Tx) (err error) {
		pending, err = e.Insert(tx, "starter", job.Spec{Kind: "test", Location: location, Input: map[string]int{"n": 3}})
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return e.Submit(pending)
}

func (l *lab) info(id protocol.ID) api.JobInfo {
	l.t.Helper()
	info, err := call(l, api.JobsInfo, api.JobInfoInput{JobID: id})
	if err != nil {
		l.t.Fatal(err)
	}
	return info
}

func (l *lab) wait(id protocol.ID, status api.JobStatus) api.JobInfo {
	l.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		info := l.info(id)
		if info.Status == status {
			return info
		}
		if info.Status.Finished() || time.Now().After(deadline) {
			l.t.Fatalf("the job is %s (%v), want %s", info.Status, info.Error, status)
		}
		time.Sleep(time.Millisecond)
	}
}

func wantCode(t *testing.T, err error, code protocol.Code) *protocol.Error {
	t.Helper()
	var wire *protocol.Error
	if !errors.As(err, &wire) || wire.Code != code {
		t.Fatalf("error %v, want one of code %s", err, code)
	}
	return wire
}

// steps counts to ten with a checkpoint at each, when the test lets it.
func steps(step <-chan struct{}) func(context.Context, *job.Run) (output, error) {
	return func(ctx context.Context, r *job.Run) (output, error) {
		var at int
		if _, err := r.Checkpoint(&at); err != nil {
			return output{}, err
		}
		for at < 10 {
			select {
			case <-step:
			case <-ctx.Done():
				return output{}, context.Cause(ctx)
			}
			at++
			p := api.Progress{Phase: "count", Done: int64(at), Total: 10}
			if err := r.Library().DB.Write(ctx, func(tx *store.Tx) error { return r.Save(tx, at, p, nil) }); err != nil {
				return output{}, err
			}
			r.Progress(p)
		}
		return output{Steps: at, Path: "not\xffutf-8"}, nil
	}
}

func TestJobRunsToItsEnd(t *testing.T) {
	step := make(chan struct{}, 10)
	l := newLab(t, steps(step))
	location := protocol.NewID()
	id := l.start(location)
	for range 10 {
		step <- struct{}{}
	}
	info := l.wait(id, api.JobCompleted)
	var out output
	if err := info.Output.Decode(&out); err != nil || out != (output{10, "not\xffutf-8"}) {
		t.Errorf("output %+v, %v", out, err)
	}
	if info.LibraryID != l.lib.ID || info.LocationID != location || info.TraceID != "starter" || info.Progress.Done != 10 ||
		info.CreatedAt.IsZero() || info.StartedAt.IsZero() || info.FinishedAt.IsZero() || info.Error != nil {
		t.Errorf("%+v", info)
	}
	l.events.await(t, id, api.JobCompleted)
	if got := fmt.Sprint(l.events.statuses(id)); got != "[queued running completed]" {
		t.Errorf("events told of %s", got)
	}
	for _, ev := range l.events.all {
		if ev.Type == protocol.JobUpdate && (ev.TraceID != "starter" || ev.JobID != id || ev.LocationID != location || ev.LibraryID != l.lib.ID) {
			t.Errorf("event %+v", ev)
		}
	}
	last := l.events.all[len(l.events.all)-1].Data.Interface().(api.JobEvent)
	if last.Output.Interface() != (output{10, "not\xffutf-8"}) {
		t.Errorf("the last event's output: %+v", last.Output.Interface())
	}
}

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

func TestTwoRunAtOnceAndOneALocation(t *testing.T) {
	step := make(chan struct{})
	l := newLab(t, steps(step))
	a, b := protocol.NewID(), protocol.NewID()
	ids := []protocol.ID{l.start(a), l.start(a), l.start(b), l.start(protocol.NewID())}
	l.wait(ids[0], api.JobRunning)
	l.wait(ids[2], api.JobRunning)
	for _, i := range []int{1, 3} {
		if s := l.info(ids[i]).Status; s != api.JobQueued {
			t.Errorf("job %d is %s", i, s)
		}
	}
	if c := l.jobs.Counts(); c != (api.JobCounts{Running: 2, Queued: 2}) {
		t.Errorf("counts %+v", c)
	}
	for status, n := range map[api.JobStatus]int{api.JobRunning: 2, api.JobQueued: 2, api.JobCompleted: 0} {
		if jobs, err := call(l, api.JobsList, api.JobListInput{Status: status}); err != nil || len(jobs.Jobs) != n {
			t.Errorf("%d are %s, %v", len(jobs.Jobs), status, err)
		}
	}
	if _, err := call(l, api.JobsCancel, api.JobInput{JobID: ids[0]}); err != nil {
		t.Fatal(err)
	}
	l.wait(ids[1], api.JobRunning)
}

func TestPanicFailsTheJobAlone(t *testing.T) {
	for name, work := range map[string]func(context.Context, *job.Run) (output, error){
		"in the job": func(context.Context, *job.Run) (output, error) { panic("boom") },
		"in a transaction": func(ctx context.Context, r *job.Run) (output, error) {
			return output{}, r.Library().DB.Write(ctx, func(*store.Tx) error { panic("boom") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, work)
			id := l.start(protocol.ID{})
			info := l.wait(id, api.JobFailed)
			if info.Error == nil || info.Error.Code != protocol.Internal {
				t.Errorf("error %v", info.Error)
			}
			l.set(func(context.Context, *job.Run) (output, error) { return output{}, nil })
			l.wait(l.start(protocol.ID{}), api.JobCompleted)
			l.close()
			if log := l.log.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "job_test.go") || !strings.Contains(log, id.String()) {
				t.Errorf("the log: %s", log)
			}
		})
	}
}

func TestFailureIsTold(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) {
		return output{}, protocol.Errorf(protocol.NotFound, "the thing is gone").WithHint("look for it").With("path", protocol.Path("/\xff"))
	})
	info := l.wait(l.start(protocol.ID{}), api.JobFailed)
	if info.Error.Code != protocol.NotFound || info.Error.Message != "the thing is gone" || info.Error.Hint != "look for it" {
		t.Errorf("%+v", info.Error)
	}
}

func TestFullDiskPausesTheJob(t *testing.T) {
	fail := true
	l := newLab(t, func(context.Context, *job.Run) (output, error) {
		if fail {
			return output{}, fmt.Errorf("write: %w", syscall.ENOSPC)
		}
		return output{Steps: 1}, nil
	})
	id := l.start(protocol.ID{})
	info := l.wait(id, api.JobPaused)
	if info.Error == nil || info.Error.Hint != "free some space, then: spacedrive job resume "+id.String() {
		t.Fatalf("error %+v", info.Error)
	}
	fail = false
	if _, err := call(l, api.JobsResume, api.JobInput{JobID: id}); err != nil {
		t.Fatal(err)
	}
	if info := l.wait(id, api.JobCompleted); info.Error != nil {
		t.Errorf("the error stays: %v", info.Error)
	}
}

func TestWarningsAreCountedListedAndPaged(t *testing.T) {
	const n = 10_500
	l := newLab(t, func(ctx context.Context, r *job.Run) (output, error) {
		for i := 0; i < n; i += 500 {
			var some []api.Warning
			for k := range 500 {
				some = append(some, api.Warning{Path: api.Path(fmt.Sprintf("/\xff%d", i+k)), Code: protocol.PermissionDenied, Message: "no"})
			}
			err := r.Library().DB.Write(ctx, func(tx *store.Tx) error { return r.Save(tx, i, api.Progress{}, some) })
			if err != nil {
				return output{}, err
			}
		}
		return output{}, nil
	})
	id := l.start(protocol.ID{})
	info := l.wait(id, api.JobCompleted)
	if info.Warnings != n || len(info.WarningList) != api.DefaultLimit || info.NextCursor == "" {
		t.Fatalf("%d warnings, %d listed", info.Warnings, len(info.WarningList))
	}
	var all []api.Warning
	in := api.JobInfoInput{JobID: id, Page: api.Page{Limit: 3000}}
	for {
		page, err := call(l, api.JobsInfo, in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.WarningList...)
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
	}
	if len(all) != 10_000 || all[9_999].Path != "/\xff9999" {
		t.Errorf("%d listed", len(all))
	}
	in.Cursor = "nonsense"
	_, err := call(l, api.JobsInfo, in)
	wantCode(t, err, protocol.Validation)
}

func TestOldJobsAreDropped(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	var last protocol.ID
	err := l.lib.DB.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 1100 {
			last = protocol.NewID()
			err := tx.Exec("INSERT INTO job (uuid, kind, status, trace_id, input, created_at) VALUES (?, 'test', 'completed', '', '{}', ?)", last, i)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	id := l.start(protocol.ID{})
	l.wait(id, api.JobCompleted)
	var all []api.Job
	in := api.JobListInput{Page: api.Page{Limit: 300}}
	for {
		page, err := call(l, api.JobsList, in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Jobs...)
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
	}
	if len(all) != 1000 || all[0].ID != id || all[1].ID != last {
		t.Errorf("%d jobs are kept", len(all))
	}
	if page, err := call(l, api.JobsList, api.JobListInput{Kind: "other"}); err != nil || len(page.Jobs) != 0 {
		t.Errorf("%d jobs of another kind, %v", len(page.Jobs), err)
	}
	in.Cursor, in.Kind = "bm9uc2Vuc2U", ""
	_, err = call(l, api.JobsList, in)
	wantCode(t, err, protocol.Validation)
}

func TestProgressIsToldTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		l := newLab(t, func(ctx context.Context, r *job.Run) (output, error) {
			begin := time.Now()
			for i := 0; time.Since(begin) < 350*time.Millisecond; i++ {
				r.Progress(api.Progress{Phase: "count", Done: int64(i), Total: n})
				time.Sleep(time.Millisecond)
			}
			return output{}, nil
		})
		id := l.start(protocol.ID{})
		l.wait(id, api.JobCompleted)
		l.events.mu.Lock()
		defer l.events.mu.Unlock()
		told := 0
		for _, ev := range l.events.all {
			if ev.Type == protocol.JobUpdate && ev.Data.Interface().(api.JobEvent).Status == api.JobRunning {
				told++
			}
		}
		if told != 4 { // at the start, and after 100, 200 and 300 ms
			t.Errorf("told %d times", told)
		}
	})
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
