package core_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core"
)

// A client calls a core's operations as the server does: through the
// registry, with inputs and outputs that have been encoded and decoded.
type client struct {
	t       testing.TB
	r       *registry.Registry
	enc     protocol.Encoding
	session *registry.Session
	library protocol.ID // of the envelope
	trace   string
}

// call calls op and fails the test where that fails.
func call[In, Out any](c client, op protocol.Operation[In, Out], in In) Out {
	c.t.Helper()
	out, err := try(c, op, in)
	if err != nil {
		c.t.Fatalf("%s: %v", op.Name, err)
	}
	return out
}

func try[In, Out any](c client, op protocol.Operation[In, Out], in In) (out Out, err error) {
	return tryContext(c.t.Context(), c, op, in)
}

func tryContext[In, Out any](ctx context.Context, c client, op protocol.Operation[In, Out], in In) (out Out, err error) {
	m, err := c.r.Find(op.Kind, op.Name)
	if err != nil {
		return out, err
	}
	payload, err := c.enc.Marshal(in)
	if err != nil {
		return out, err
	}
	decoded, err := m.Decode(c.enc, payload)
	if err != nil {
		return out, err
	}
	result, err := m.Run(&registry.Call{Context: ctx, LibraryID: c.library, TraceID: c.trace, Session: c.session}, decoded)
	if err != nil {
		return out, err
	}
	wire, err := c.enc.Marshal(result)
	if err != nil {
		return out, err
	}
	return out, c.enc.Unmarshal(wire, &out)
}

// in returns a client whose calls name a library.
func (c client) in(id protocol.ID) client {
	c.library = id
	return c
}

// events keeps what is published.
type events struct {
	mu   sync.Mutex
	all  []protocol.Event
	hook func(protocol.Event)
}

func (e *events) Publish(ev protocol.Event) {
	e.mu.Lock()
	e.all = append(e.all, ev)
	hook := e.hook
	e.mu.Unlock()
	if hook != nil {
		hook(ev)
	}
}

// on has fn called with each event, by whoever publishes it.
func (e *events) on(fn func(protocol.Event)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hook = fn
}

func (e *events) of(types ...protocol.EventType) (found []protocol.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		for _, t := range types {
			if ev.Type == t {
				found = append(found, ev)
			}
		}
	}
	return found
}

// An instance is a core on a data folder of its own.
type instance struct {
	client
	core   *core.Core
	events *events
	data   string
}

// start opens a core that is closed at the test's end.
func start(t testing.TB) *instance {
	t.Helper()
	return startIn(t, filepath.Join(t.TempDir(), "data"))
}

func startIn(t testing.TB, data string) *instance {
	t.Helper()
	i := &instance{events: new(events), data: data}
	log := zerolog.Nop()
	if os.Getenv("CORE_TEST_LOG") != "" {
		log = zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr})
	}
	i.core = core.NewWithEvents(core.Options{DataDir: data, Log: log}, i.events)
	r := registry.New()
	i.core.Register(r)
	i.client = client{t: t, r: r, enc: protocol.JSON, session: new(registry.Session), trace: "test"}
	if err := i.core.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.close() })
	return i
}

func (i *instance) close() {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := i.core.Close(ctx); err != nil {
		i.t.Error(err)
	}
}

// newLibrary makes a library and returns a client whose calls name it.
func (i *instance) newLibrary(name string) client {
	i.t.Helper()
	return i.in(call(i.client, api.LibrariesCreate, api.LibraryCreateInput{Name: name}).ID)
}

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

// until polls until done returns true.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}

// wait waits for a job to be finished or paused.
func wait(c client, id protocol.ID) api.JobInfo {
	c.t.Helper()
	var info api.JobInfo
	until(c.t, "the job's end", func() bool {
		info = call(c, api.JobsInfo, api.JobInfoInput{JobID: id})
		return info.Status.Finished() || info.Status == api.JobPaused
	})
	return info
}

// output waits for an index job to be completed and returns its output.
func output(c client, id protocol.ID) api.IndexOutput {
	c.t.Helper()
	info := wait(c, id)
	if info.Status != api.JobCompleted {
		c.t.Fatalf("the job is %s: %v", info.Status, info.Error)
	}
	var out api.IndexOutput
	if err := info.Output.Decode(&out); err != nil {
		c.t.Fatal(err)
	}
	return out
}

// add adds a folder and waits until it is indexed.
func add(c client, path string, mode api.IndexMode) (api.Location, api.IndexOutput) {
	c.t.Helper()
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(path), Mode: mode})
	return added.Location, output(c, added.JobID)
}

// rescan rescans a location and waits for the end.
func rescan(c client, id protocol.ID, full bool) api.IndexOutput {
	c.t.Helper()
	return output(c, call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: id, FullRescan: full}).JobID)
}

// find returns the paths that a search finds, in order.
func find(c client, in api.SearchInput) []string {
	c.t.Helper()
	paths := []string{}
	for _, hit := range call(c, api.SearchFiles, in).Hits {
		paths = append(paths, string(hit.Path))
	}
	return paths
}

// tree makes files, and folders where the name ends in a slash. A file's
// content is its name.
func tree(t testing.TB, root string, names ...string) string {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(root, name)
		if name[len(name)-1] == '/' {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(name), 0o644))
	}
	return root
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode fails the test unless err has the code; it returns the error.
func wantCode(t testing.TB, err error, code protocol.Code) *protocol.Error {
	t.Helper()
	var wire *protocol.Error
	if !errors.As(err, &wire) || wire.Code != code {
		t.Fatalf("error %v, want one of code %s", err, code)
	}
	return wire
}

func numbered(format string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf(format, i))
	}
	return names
}

// quietTB lets a child process use what the tests use.
type quietTB struct{ testing.TB }

func (*quietTB) Helper()                  {}
func (*quietTB) Cleanup(func())           {}
func (*quietTB) Context() context.Context { return context.Background() }
func (*quietTB) Error(args ...any)        { panic(fmt.Sprint(args...)) }
func (*quietTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (*quietTB) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

func newCoreOn(data string) *core.Core {
	return core.NewWithEvents(core.Options{DataDir: data, Log: zerolog.Nop()}, new(events))
}
