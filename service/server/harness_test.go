package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/event"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/server"
)

func TestMain(m *testing.M) {
	// Each check starts servers; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "40"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// Operations of the tests' own.
type textInput struct {
	Text string `json:"text,omitzero"`
	Size int    `json:"size,omitzero"`
}

type textOutput struct {
	Text string `json:"text"`
}

// panicky panics when it is encoded.
type panicky struct{}

func (panicky) MarshalText() ([]byte, error) { panic("a bug in an encoder") }

var (
	opEcho   = protocol.CoreQuery[textInput, textOutput]("test.echo", "Say it again")
	opBig    = protocol.CoreQuery[textInput, textOutput]("test.big", "Say much")
	opBlock  = protocol.CoreQuery[api.Empty, textOutput]("test.block", "Wait until cancelled or let go")
	opPanic  = protocol.CoreAction[api.Empty, textOutput]("test.panic", "Panic")
	opBadOut = protocol.CoreQuery[api.Empty, panicky]("test.bad_output", "Return what cannot be encoded")
	opTrace  = protocol.CoreQuery[api.Empty, textOutput]("test.trace", "Tell the call's trace id")
)

// instance is an instance whose opening the test controls.
type instance struct {
	registry *registry.Registry
	bus      *event.Bus
	ready    func(context.Context) error
	release  chan struct{} // lets test.block go
	blocked  chan struct{} // is sent to when test.block runs
}

func (i *instance) Name() string { return "default" }

func (i *instance) Registry() *registry.Registry { return i.registry }

func (i *instance) Bus() *event.Bus { return i.bus }

func (i *instance) Opened() bool { return i.ready == nil }

func (i *instance) Ready(ctx context.Context) error { return i.whenReady(ctx) }

func (i *instance) whenReady(ctx context.Context) error {
	if i.ready == nil {
		return nil
	}
	return i.ready(ctx)
}

func newInstance() *instance {
	i := &instance{
		registry: registry.New(), bus: event.NewBus(protocol.NewID()),
		release: make(chan struct{}), blocked: make(chan struct{}, 1000),
	}
	registry.BindMethods(i.registry)
	registry.Bind(i.registry, opEcho, func(_ context.Context, in textInput) (textOutput, error) {
		return textOutput{in.Text}, nil
	}, registry.Inline)
	registry.Bind(i.registry, opBig, func(_ context.Context, in textInput) (textOutput, error) {
		return textOutput{strings.Repeat("x", in.Size)}, nil
	})
	registry.Bind(i.registry, opBlock, func(ctx context.Context, _ api.Empty) (textOutput, error) {
		i.blocked <- struct{}{}
		select {
		case <-i.release:
			return textOutput{"released"}, nil
		case <-ctx.Done():
			return textOutput{}, ctx.Err()
		}
	})
	registry.Bind(i.registry, opPanic, func(context.Context, api.Empty) (textOutput, error) { panic("a bug") })
	registry.Bind(i.registry, opBadOut, func(context.Context, api.Empty) (panicky, error) { return panicky{}, nil })
	registry.Bind(i.registry, opTrace, func(ctx context.Context, _ api.Empty) (textOutput, error) {
		return textOutput{registry.TraceID(ctx)}, nil
	})
	return i
}

// daemon is a server on a real socket.
type daemon struct {
	*server.Server
	inst *instance
	path string
	down chan struct{}
}

func start(t *testing.T, change ...func(*server.Options)) *daemon {
	t.Helper()
	d := &daemon{inst: newInstance(), path: filepath.Join(t.TempDir(), "s.sock"), down: make(chan struct{}, 1)}
	// A test that waits for the end of a time allowed sets it.
	limits := config.Default().Limits
	limits.HalfFrameTimeout, limits.UnreadTimeout, limits.RefusedTimeout = patience, patience, patience
	o := server.Options{
		Limits: limits,
		Hello: func(i server.Instance) protocol.HelloReply {
			return protocol.HelloReply{Protocol: 1, Instance: protocol.HelloInstance{Name: i.Name()}}
		},
		Peer: listen.Admission{}.Peer, Log: zerolog.Nop(),
		Shutdown: func() { d.down <- struct{}{} },
	}
	for _, f := range change {
		f(&o)
	}
	d.Server = server.New(o)
	ln, err := listen.Bind(d.path, "default", listen.Admission{})
	if err != nil {
		t.Fatal(err)
	}
	d.Expect(ln.UnixListener, true)
	var wg sync.WaitGroup
	wg.Go(func() { d.Serve(ln.UnixListener, d.inst) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // for calls that a test has left
		defer cancel()
		d.Shutdown(ctx)
		wg.Wait()
		ln.Close()
	})
	return d
}

// conn is a client that sees lines.
type conn struct {
	t *testing.T
	*net.UnixConn
	lines *bufio.Reader
}

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

func (d *daemon) dial(t *testing.T) *conn {
	t.Helper()
	nc, err := net.Dial("unix", d.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return &conn{t, nc.(*net.UnixConn), bufio.NewReaderSize(nc, 1<<16)}
}

func (c *conn) send(format string, args ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, format+"\n", args...); err != nil {
		c.t.Fatal(err)
	}
}

// recv returns the next message.
func (c *conn) recv() map[string]any {
	c.t.Helper()
	line, err := c.lines.ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("no answer: %v (%q)", err, line)
	}
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		c.t.Fatalf("%v: %s", err, line)
	}
	return m
}

// want receives a message and compares the named keys, dotted, with the texts.
func (c *conn) want(pairs ...string) map[string]any {
	c.t.Helper()
	m := c.recv()
	for i := 0; i < len(pairs); i += 2 {
		if got := dig(m, pairs[i]); got != pairs[i+1] {
			c.t.Fatalf("%s is %q, want %q, in %v", pairs[i], got, pairs[i+1], m)
		}
	}
	return m
}

func dig(v any, path string) string {
	for _, key := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprint(v)
}

// wantEnd expects the server to have closed the connection. A refused
// connection is not read on, so the kernel may reset it.
func (c *conn) wantEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.lines); err != nil && !errors.Is(err, syscall.ECONNRESET) || len(rest) > 0 {
		c.t.Fatalf("after the end: %v, %q", err, rest)
	}
}

func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatal("in vain waited for " + what)
		}
		<-tick.C
	}
}
