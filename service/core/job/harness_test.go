package job_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
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
		if ev.Type != api.JobUpdate.Type || ev.JobID != id {
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
