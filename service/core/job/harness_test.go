package job_test

import (
	"context"
	"errors"
	"path/filepath"
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
	"github.com/spacedrive-go/spacedrive/service/mounts"
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

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

// await waits until an event has told of a job's status: the database knows it
// a moment earlier.
func (e *events) await(t *testing.T, id protocol.ID, status api.JobStatus) {
	t.Helper()
	deadline := time.Now().Add(patience)
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

// A lab has an instance and one library, whose jobs do what the test says.
type lab struct {
	t       testing.TB
	dir     string
	events  *events
	manager *library.Manager
	jobs    *job.Service
	db      *store.DB // the instance's own
	lib     *library.Library
	r       *registry.Registry
	log     *logged
	mounts  *mounts.Table // nil: the machine's

	mu     sync.Mutex
	work   work // what a job does; guarded by mu
	behind work // what a background job does, if it is another thing
}

type work func(ctx context.Context, r *job.Run) (output, error)

type input struct {
	N int `json:"n"`
}

type output struct {
	Steps int           `json:"steps"`
	Path  protocol.Path `json:"path"`
}

type kind = protocol.JobKind[input, output]

// Jobs that somebody waits for, and others.
var (
	foreground = protocol.DeclareJob[input](protocol.JobSpec{Kind: "test"}, func(output) string { return "" })
	background = protocol.DeclareJob[input](protocol.JobSpec{Kind: "background", Background: true}, func(output) string { return "" })
)

// logged is a log that calls on with each line.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
	on   func(line string)
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	l.text.Write(line)
	on := l.on
	l.mu.Unlock()
	if on != nil {
		on(string(line))
	}
	return len(line), nil
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newLab(t testing.TB, w work) *lab {
	t.Helper()
	return newLabOn(t, nil, w)
}

func newLabOn(t testing.TB, table *mounts.Table, w work) *lab {
	t.Helper()
	l := &lab{t: t, dir: t.TempDir(), work: w, mounts: table}
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
	l.log = new(logged)
	log := zerolog.New(l.log)
	l.manager = library.NewManager(library.Options{DataDir: l.dir, Events: l.events, Log: log})
	o := job.Options{Log: log, Events: l.events}
	if l.mounts != nil {
		o.Mounts = func() (*mounts.Table, error) { return l.mounts, nil }
	}
	l.jobs = job.NewService(o)
	for _, k := range []kind{foreground, background} {
		job.Handle(l.jobs, k, func(ctx context.Context, r *job.Run, in input) (output, error) {
			if in.N != 3 {
				return output{}, errors.New("the input did not come through")
			}
			l.mu.Lock()
			work := l.work
			if k.Background && l.behind != nil {
				work = l.behind
			}
			l.mu.Unlock()
			return work(ctx, r)
		})
	}
	l.manager.Attach(l.jobs)
	l.r = registry.New()
	l.manager.Register(l.r)
	l.jobs.Register(l.r, l.manager)
	var err error
	// The tables of jobs are the same as in a library.
	l.db, err = store.Open(context.Background(), filepath.Join(l.dir, "instance.db"), store.Options{Schema: library.Schema, Create: true})
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.jobs.Open(context.Background(), l.db); err != nil {
		l.t.Fatal(err)
	}
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

func (l *lab) close() {
	l.jobs.Stop()
	l.manager.Close(context.Background())
	l.jobs.Close(context.Background())
	if err := l.db.Close(); err != nil {
		l.t.Error(err)
	}
}

func (l *lab) set(w work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work = w
}

func call[In, Out any](l *lab, op protocol.Operation[In, Out], in In) (out Out, err error) {
	return callContext(context.Background(), l, op, in)
}

// callContext calls op without a library.
func callContext[In, Out any](ctx context.Context, l *lab, op protocol.Operation[In, Out], in In) (out Out, err error) {
	return run(&registry.Call{Context: ctx, Session: new(registry.Session), TraceID: "control"}, l, op, in)
}

// callIn calls op with a library.
func callIn[In, Out any](l *lab, library protocol.ID, op protocol.Operation[In, Out], in In) (out Out, err error) {
	return run(&registry.Call{Context: context.Background(), LibraryID: library, Session: new(registry.Session)}, l, op, in)
}

// run calls op over CBOR; the tests of package core use JSON.
func run[In, Out any](c *registry.Call, l *lab, op protocol.Operation[In, Out], in In) (out Out, err error) {
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
	result, err := m.Run(c, decoded)
	if err != nil {
		return out, err
	}
	wire, err := protocol.CBOR.Marshal(result)
	if err != nil {
		return out, err
	}
	return out, protocol.CBOR.Unmarshal(wire, &out)
}

// start queues a job, on a location if one is given.
func (l *lab) start(location protocol.ID) protocol.ID {
	l.t.Helper()
	var claims []job.Claim
	if location != (protocol.ID{}) {
		claims = []job.Claim{{Location: location, Write: true}}
	}
	return l.insert(l.lib, foreground, location, claims...)
}

// insert queues a job of a library, or with nil of the instance.
func (l *lab) insert(lib *library.Library, k kind, location protocol.ID, claims ...job.Claim) (id protocol.ID) {
	l.t.Helper()
	q, err := l.jobs.In(lib)
	if err != nil {
		l.t.Fatal(err)
	}
	db := l.db
	if lib != nil {
		db = lib.DB
	}
	err = db.Write(context.Background(), func(tx *store.Tx) (err error) {
		id, err = job.Insert(q, tx, k, input{3}, job.Spec{TraceID: "starter", Location: location, Claims: claims})
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return id
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
	deadline := time.Now().Add(patience)
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
func steps(step <-chan struct{}) work {
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
			if err := r.DB().Write(ctx, func(tx *store.Tx) error { return r.Save(tx, at, p, nil) }); err != nil {
				return output{}, err
			}
			r.Progress(p)
		}
		return output{Steps: at, Path: "not\xffutf-8"}, nil
	}
}
