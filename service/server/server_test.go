package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
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

func (i *instance) Name() string                    { return "default" }
func (i *instance) Registry() *registry.Registry    { return i.registry }
func (i *instance) Bus() *event.Bus                 { return i.bus }
func (i *instance) Opened() bool                    { return i.ready == nil }
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
	d.ExpectLast(ln.UnixListener)
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

const patience = 2 * time.Minute // for what must happen; nothing is timed

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

func TestAnswers(t *testing.T) {
	d := start(t)
	for _, tt := range []struct {
		name, send string
		want       []string
	}{
		{"ping", `{"type":"ping","id":3}`, []string{"type", "pong", "id", "3"}},
		{"query by short name", `{"type":"query","method":"test.echo","payload":{"text":"é"},"id":1}`, []string{"type", "ok", "id", "1", "payload.text", "é"}},
		{"query by full name", `{"type":"query","method":"query:test.echo.v1"}`, []string{"type", "ok", "id", ""}},
		{"null payload", `{"type":"query","method":"test.echo","payload":null}`, []string{"type", "ok", "payload.text", ""}},
		{"hello", `{"type":"hello","client":"x/1","protocol":[1,3]}`, []string{"type", "ok", "payload.protocol", "1"}},
		{"hello without a range", `{"type":"hello"}`, []string{"type", "ok"}},
		{"hello from the future", `{"type":"hello","protocol":[2,3]}`, []string{"error.code", "protocol_mismatch"}},
		{"no such method", `{"type":"query","method":"test.ecko","id":1}`, []string{"error.code", "method_not_found", "error.hint", `did you mean "test.echo"?`}},
		{"the other kind", `{"type":"action","method":"test.echo"}`, []string{"error.code", "method_not_found"}},
		{"wrong input", `{"type":"query","method":"test.echo","payload":{"text":1}}`, []string{"error.code", "deserialization", "error.details.field", "text"}},
		{"unknown key in the input", `{"type":"query","method":"test.echo","payload":{"txt":1}}`, []string{"error.code", "deserialization", "error.details.field", "txt"}},
		{"unknown key in the envelope", `{"type":"ping","id":9,"metod":"x"}`, []string{"error.code", "invalid_request", "id", "9", "error.details.field", "metod"}},
		{"a panic", `{"type":"action","method":"test.panic","id":4}`, []string{"error.code", "internal", "id", "4"}},
		{"a panic while encoding", `{"type":"query","method":"test.bad_output","id":4}`, []string{"error.code", "internal", "id", "4"}},
		{"an answer too long", `{"type":"query","method":"test.big","payload":{"size":16777300}}`, []string{"error.code", "serialization"}},
		{"cancel of nothing", `{"type":"cancel","target":5,"id":6}`, []string{"type", "ok", "id", "6", "payload.found", "false"}},
		{"unsubscribe of nothing", `{"type":"unsubscribe","target":5}`, []string{"error.code", "not_found"}},
		{"own trace id", `{"type":"query","method":"test.trace","trace_id":"abc-1"}`, []string{"payload.text", "abc-1"}},
		{"unknown event type", `{"type":"subscribe","event_types":["Nope"]}`, []string{"error.code", "validation", "error.details.field", "event_types.0"}},
		{"time that has run out", `{"type":"query","method":"test.block","timeout_ms":1}`, []string{"error.code", "deadline_exceeded"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := d.dial(t)
			c.send("%s", tt.send)
			c.want(tt.want...)
			c.send(`{"type":"ping"}`) // the connection goes on
			c.want("type", "pong")
		})
	}
}

func TestHalfCloseIsAnsweredInFull(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":7}`)
	const calls = 300 // more than may be in flight
	for i := range calls {
		method := "test.echo"
		if i%3 == 0 {
			method = "test.trace" // runs on a goroutine of its own
		}
		c.send(`{"type":"query","id":%d,"method":"%s"}`, i+100, method)
	}
	fmt.Fprint(c, `{"type":"ping","id":99}`) // the last line has no newline
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for range calls + 3 {
		m := c.recv()
		seen[dig(m, "type")]++
	}
	c.wantEnd()
	if seen["ok"] != calls || seen["pong"] != 1 || seen["subscribed"] != 1 || seen["end"] != 1 {
		t.Errorf("answers: %v", seen)
	}
}

func TestCallsEndAsTheyFinishAndCanBeCancelled(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"query","id":1,"method":"test.block"}`)
	<-d.inst.blocked
	c.send(`{"type":"query","id":1,"method":"test.echo"}`)
	c.want("error.code", "invalid_request", "id", "1")
	c.send(`{"type":"query","id":2,"method":"test.echo"}`)
	c.want("id", "2", "type", "ok")
	c.send(`{"type":"cancel","target":1,"id":3}`)
	got := []map[string]any{c.recv(), c.recv()}
	for _, m := range got {
		switch dig(m, "id") {
		case "1":
			if dig(m, "error.code") != "cancelled" {
				t.Errorf("the call: %v", m)
			}
		case "3":
			if dig(m, "payload.found") != "true" {
				t.Errorf("the cancel: %v", m)
			}
		}
	}
	c.send(`{"type":"query","id":1,"method":"test.echo"}`) // the id is free again
	c.want("id", "1", "type", "ok")
}

// TestACancelThatComesTooLate: a call that has taken effect all the same
// answers what came of it.
func TestACancelThatComesTooLate(t *testing.T) {
	d := start(t)
	registry.Bind(d.inst.registry, protocol.CoreAction[api.Empty, textOutput]("test.deaf", "Do it, whatever comes"),
		func(ctx context.Context, _ api.Empty) (textOutput, error) {
			d.inst.blocked <- struct{}{}
			<-ctx.Done()
			return textOutput{"done"}, nil
		})
	c := d.dial(t)
	c.send(`{"type":"action","id":1,"method":"test.deaf"}`)
	<-d.inst.blocked
	c.send(`{"type":"cancel","id":2,"target":1}`)
	for range 2 {
		switch m := c.recv(); dig(m, "id") {
		case "1":
			if dig(m, "payload.text") != "done" {
				t.Errorf("%v", m)
			}
		case "2":
			if dig(m, "payload.found") != "true" {
				t.Errorf("%v", m)
			}
		}
	}
}

func TestTheCallBeyondTheLimitWaits(t *testing.T) {
	d := start(t, func(o *server.Options) { o.Limits.Calls = 4 })
	c := d.dial(t)
	for i := range 4 {
		c.send(`{"type":"query","id":%d,"method":"test.block"}`, i+1)
		<-d.inst.blocked
	}
	c.send(`{"type":"ping","id":50}`)
	c.want("type", "pong", "id", "50")
	c.send(`{"type":"query","id":5,"method":"test.echo"}`)
	c.send(`{"type":"ping","id":51}`)
	select {
	case d.inst.release <- struct{}{}:
	case <-time.After(patience):
		t.Fatal("no call is blocked")
	}
	order := []string{dig(c.recv(), "id"), dig(c.recv(), "id"), dig(c.recv(), "id")}
	if order[1] != "5" || order[2] != "51" {
		t.Errorf("answers came in the order %v: the fifth call or what follows it did not wait", order)
	}
}

func TestAHungUpPeerStopsItsCalls(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"query","id":1,"method":"test.block"}`)
	<-d.inst.blocked
	c.Close()
	waitFor(t, "the connection's end", func() bool { return d.Connections() == 0 })
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

func TestFirstByte(t *testing.T) {
	d := start(t)
	t.Run("of no encoding", func(t *testing.T) {
		c := d.dial(t)
		c.send("GET / HTTP/1.1")
		m := c.want("error.code", "invalid_request")
		if hint := dig(m, "error.hint"); !strings.Contains(hint, "JSON") || !strings.Contains(hint, "CBOR") {
			t.Errorf("hint %q", hint)
		}
		c.wantEnd()
	})
	t.Run("CBOR", func(t *testing.T) {
		c := d.dial(t)
		req := protocol.Request{Type: protocol.TypeQuery, ID: 9, Method: "test.echo"}
		frame, err := req.Append(nil, protocol.CBOR)
		if err != nil {
			t.Fatal(err)
		}
		c.Write(frame)
		answer, err := protocol.NewFrameReader(c.lines, protocol.CBOR, nil).Next()
		if err != nil {
			t.Fatal(err)
		}
		reply, err := protocol.ParseReply(protocol.CBOR, answer)
		if err != nil || reply.ID != 9 || reply.Type != protocol.TypeOK {
			t.Errorf("%+v, %v", reply, err)
		}
	})
	t.Run("payload_cbor", func(t *testing.T) {
		c := d.dial(t)
		c.send(`{"type":"query","method":"test.echo","payload_cbor":"oWR0ZXh0YmhpAA=="}`)
		c.want("error.code", "invalid_request")
		c.send(`{"type":"query","method":"test.echo","payload_cbor":"oWR0ZXh0Ymhp"}`)
		c.want("type", "ok", "payload_cbor", "oWR0ZXh0Ymhp", "payload", "")
	})
}

func TestTooLargeIsAnsweredAndClosed(t *testing.T) {
	d := start(t)
	t.Run("length of 1 GiB", func(t *testing.T) {
		c := d.dial(t)
		c.Write([]byte{0, 0, 0, 1, 0xa0, 0x40, 0, 0, 0, 1})
		frames := protocol.NewFrameReader(c.lines, protocol.CBOR, nil)
		for _, code := range []protocol.Code{protocol.InvalidRequest, protocol.RequestTooLarge} {
			answer, err := frames.Next()
			if err != nil {
				t.Fatal(err)
			}
			reply, err := protocol.ParseReply(protocol.CBOR, answer)
			if err != nil || reply.Error == nil || reply.Error.Code != code {
				t.Errorf("%+v, %v; want %s", reply, err, code)
			}
		}
		c.wantEnd()
	})
	t.Run("line of 17 MiB", func(t *testing.T) {
		c := d.dial(t)
		go c.Write(append([]byte(`{"type":"ping","x":"`), bytes.Repeat([]byte("x"), 17<<20)...))
		c.want("error.code", "request_too_large")
		c.wantEnd()
	})
}

func TestMemoryOfLongMessagesIsGivenBack(t *testing.T) {
	for name, message := range map[string]string{
		"answer":  `{"type":"query","id":1,"method":"test.big","payload":{"size":1000000}}`,
		"request": `{"type":"query","id":1,"method":"test.echo","trace_id":"` + strings.Repeat("x", 1_000_000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			forced := func() uint32 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.NumForcedGC
			}
			d := start(t)
			c := d.dial(t)
			before := forced()
			c.send(message)
			c.want("type", "ok")
			waitFor(t, "the memory to be given back", func() bool { return forced() > before })
		})
	}
}

func TestLimitsOfConnections(t *testing.T) {
	d := start(t, func(o *server.Options) { o.Limits.Connections = 1 })
	first := d.dial(t)
	first.send(`{"type":"ping"}`)
	first.want("type", "pong")
	second := d.dial(t)
	second.send(`{"type":"ping"}`)
	second.want("error.code", "too_many_connections", "error.retryable", "true")
	second.wantEnd()
	limits := d.Limits()
	limits.RefusedTimeout = 50 * time.Millisecond
	d.SetLimits(limits)
	silent := d.dial(t)
	silent.wantEnd()
	first.Close()
	waitFor(t, "the first connection's end", func() bool { return d.Connections() == 0 })
	third := d.dial(t)
	third.send(`{"type":"ping"}`)
	third.want("type", "pong")
}

func TestHalfAFrameIsNotWaitedForForEver(t *testing.T) {
	d := start(t, func(o *server.Options) { o.Limits.HalfFrameTimeout = 50 * time.Millisecond })
	c := d.dial(t)
	c.send(`{"type":"ping"}`)
	c.want("type", "pong")
	fmt.Fprint(c, `{"type":"pi`)
	c.want("error.code", "invalid_request")
	c.wantEnd()
}

func TestAPeerThatReadsNothing(t *testing.T) {
	t.Run("is closed while answers wait", func(t *testing.T) {
		d := start(t, func(o *server.Options) { o.Limits.UnreadTimeout = 50 * time.Millisecond })
		c := d.dial(t)
		c.send(`{"type":"ping"}`)
		c.want("type", "pong")
		c.send(`{"type":"query","method":"test.big","payload":{"size":4000000}}`)
		waitFor(t, "the connection's end", func() bool { return d.Connections() == 0 })
	})
	t.Run("stays while it only subscribes", func(t *testing.T) {
		d := start(t, func(o *server.Options) { o.Limits.UnreadTimeout = 50 * time.Millisecond })
		c := d.dial(t)
		c.send(`{"type":"subscribe","id":1}`)
		c.want("type", "subscribed")
		const events = 5000
		for range events {
			d.publish(strings.Repeat("x", 1000))
		}
		// The socket is full and the queue has overflowed. Let more time
		// pass than a peer with answers waiting would have.
		<-time.After(200 * time.Millisecond)
		got, missing := 0, uint64(0)
		for uint64(got)+missing < events {
			m := c.recv()
			switch dig(m, "type") {
			case "event":
				got++
			case "gap":
				gap := m["gap"].(map[string]any)
				missing += uint64(gap["to"].(float64) - gap["from"].(float64) + 1)
			}
		}
		if missing == 0 {
			t.Error("nothing overflowed: the test proves nothing")
		}
	})
}

func (d *daemon) publish(path string) {
	d.inst.bus.Publish(protocol.Event{
		Type: protocol.LocationUpdated,
		Data: protocol.ValueOf(api.LocationEvent{Path: api.Path("/" + path), Name: "n"}),
	})
}

func TestSubscription(t *testing.T) {
	d := start(t)
	d.publish("before")
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":1}`)
	m := c.want("type", "subscribed", "id", "1", "payload.seq", "1")
	boot := dig(m, "payload.boot_id")
	d.publish("after")
	c.want("type", "event", "id", "1", "event.seq", "2", "event.data.path", "/after")
	c.send(`{"type":"subscribe","id":2,"after":{"boot_id":"%s","seq":0},"filter":{"path":"/before"}}`, boot)
	c.want("type", "subscribed", "payload.seq", "0")
	c.want("type", "event", "id", "2", "event.seq", "1")
	c.send(`{"type":"unsubscribe","target":1,"id":3}`)
	c.want("type", "unsubscribed", "id", "3")
	c.want("type", "end", "id", "1", "reason", "unsubscribed")
	c.send(`{"type":"subscribe","id":4,"heartbeat_ms":20}`)
	c.want("type", "subscribed")
	c.want("type", "heartbeat", "id", "4", "seq", "2")
	c.send(`{"type":"subscribe","id":5,"after":{"boot_id":"%s","seq":99}}`, boot)
	for m := c.recv(); dig(m, "id") != "5" || dig(m, "type") != "gap"; m = c.recv() {
	}
}

func TestTooManySubscriptions(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	for i := range 16 {
		c.send(`{"type":"subscribe","id":%d}`, i+1)
		c.want("type", "subscribed")
	}
	c.send(`{"type":"subscribe","id":17}`)
	c.want("error.code", "busy", "id", "17")
}

func TestAnInstanceThatDoesNotOpen(t *testing.T) {
	d := start(t)
	d.inst.ready = func(context.Context) error {
		return protocol.Errorf(protocol.CoreUnavailable, "no room")
	}
	c := d.dial(t)
	c.send(`{"type":"query","method":"test.echo"}`)
	c.want("error.code", "core_unavailable", "error.message", "no room")
	c.send(`{"type":"query","method":"core.methods"}`)
	c.want("type", "ok")
}

func TestACallWaitsForItsInstance(t *testing.T) {
	d := start(t)
	open := make(chan struct{})
	d.inst.ready = func(ctx context.Context) error {
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c := d.dial(t)
	c.send(`{"type":"query","method":"test.echo","id":1}`)
	c.send(`{"type":"query","method":"test.echo","id":2,"timeout_ms":1}`)
	c.want("id", "2", "error.code", "deadline_exceeded")
	close(open)
	c.want("id", "1", "type", "ok")
}

func TestShutdown(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":1}`)
	c.want("type", "subscribed")
	c.send(`{"type":"query","id":2,"method":"test.block"}`)
	<-d.inst.blocked
	c.send(`{"type":"shutdown","id":3}`)
	c.want("type", "ok", "id", "3")
	<-d.down
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no time for calls
	d.Shutdown(ctx)
	c.want("id", "2", "error.code", "cancelled")
	c.want("id", "1", "type", "end", "reason", "shutdown")
	c.wantEnd()
}

func TestShutdownWaitsNoLongerThanItMustForWhoSendsNothing(t *testing.T) {
	lines := new(counter)
	d := start(t, func(o *server.Options) {
		o.Limits.Connections = 0
		o.Limits.RefusedTimeout = time.Hour
		o.Log = zerolog.New(lines).Level(zerolog.ErrorLevel)
	})
	c := d.dial(t)
	waitFor(t, "the connection to be there", func() bool { _, idle := d.IdleSince(); return !idle })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Shutdown(ctx)
	c.wantEnd()
	if lines.Load() > 0 {
		t.Error("it has waited, and left the connection behind")
	}
}

func TestACallThatDoesNotEndIsLeftBehind(t *testing.T) {
	d := start(t)
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) }) // before the second shutdown, of start
	d.inst.ready = func(context.Context) error { d.inst.blocked <- struct{}{}; <-stuck; return nil }
	c := d.dial(t)
	c.send(`{"type":"query","id":1,"method":"test.echo"}`)
	<-d.inst.blocked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Shutdown(ctx)
}

func TestDrainAndShutdownAtOnce(t *testing.T) {
	for range 20 {
		d := start(t)
		c := d.dial(t)
		c.send(`{"type":"ping"}`)
		c.want("type", "pong")
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 50 {
				d.Drain(time.Time{})
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		d.Shutdown(ctx)
		wg.Wait()
	}
}

func TestPeerOfAnotherUserIsRefused(t *testing.T) {
	d := start(t, func(o *server.Options) {
		o.Peer = func(nc net.Conn) (registry.Peer, error) {
			return registry.Peer{}, protocol.Errorf(protocol.PermissionDenied, "not yours")
		}
	})
	c := d.dial(t)
	c.Write([]byte{0})
	answer, err := protocol.NewFrameReader(c.lines, protocol.CBOR, nil).Next()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := protocol.ParseReply(protocol.CBOR, answer)
	if err != nil || reply.Error == nil || reply.Error.Code != protocol.PermissionDenied {
		t.Errorf("%+v, %v", reply, err)
	}
	c.wantEnd()
}

// nc is told of an error before it has read what came first, and drops that.
func TestWhoIsRefusedSeesNoBrokenConnection(t *testing.T) {
	d := start(t, func(o *server.Options) {
		o.Peer = func(nc net.Conn) (registry.Peer, error) {
			return registry.Peer{}, protocol.Errorf(protocol.PermissionDenied, "not yours")
		}
	})
	nc, err := net.Dial("unix", d.path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(nc, "{\"type\":\"ping\"%s}\n", strings.Repeat(" ", 10_000)); err != nil {
		t.Fatal(err)
	}
	_ = nc.(*net.UnixConn).CloseWrite()
	if answer, err := io.ReadAll(nc); err != nil || !strings.Contains(string(answer), "permission_denied") {
		t.Errorf("it gets %q, %v", answer, err)
	}
}

func TestDrainLosesNobody(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"ping"}`)
	c.want("type", "pong")
	if d.Drain(time.Now()) {
		t.Fatal("drained under an open connection")
	}
	second := d.dial(t)
	second.send(`{"type":"ping"}`)
	second.want("type", "pong")
	c.Close()
	second.Close()
	waitFor(t, "no connection", func() bool { return d.Connections() == 0 })
	since, _ := d.IdleSince()
	if d.Drain(since.Add(-1)) {
		t.Fatal("drained although a connection has come and gone since")
	}
	if !d.Drain(since) {
		t.Fatal("not drained without a connection")
	}
	_ = os.Remove(d.path)
}

// toldToStop is a listener that tells when its Accept has been told to stop.
type toldToStop struct {
	*net.UnixListener
	told chan struct{}
}

func (l *toldToStop) SetDeadline(t time.Time) error {
	defer func() { l.told <- struct{}{} }()
	return l.UnixListener.SetDeadline(t)
}

// A daemon may have been idle for long enough before it has begun to accept:
// who waits at the socket then is not taken in to be turned out.
func TestDrainAtTheStartLosesNobody(t *testing.T) {
	d := start(t)
	path := filepath.Join(t.TempDir(), "s.sock")
	bound, err := listen.Bind(path, "default", listen.Admission{})
	if err != nil {
		t.Fatal(err)
	}
	defer bound.Close()
	f, err := bound.File() // the service manager's
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()

	o := server.Options{Limits: config.Default().Limits, Peer: listen.Admission{}.Peer, Log: zerolog.Nop()}
	first, ln := server.New(o), &toldToStop{bound.UnixListener, make(chan struct{}, 2)}
	first.Expect(ln)
	drained := make(chan bool, 1)
	go func() { drained <- first.Drain(time.Now()) }()
	select {
	case <-drained:
		t.Fatal("drained before anybody accepts")
	case <-ln.told:
	}
	var wg sync.WaitGroup
	wg.Go(func() { first.Serve(ln, d.inst) })
	if !<-drained {
		t.Error("not drained without a connection")
	}
	first.Shutdown(t.Context())
	wg.Wait()

	inherited, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	next := server.New(o)
	wg.Go(func() { next.Serve(inherited.(*net.UnixListener), d.inst) })
	defer wg.Wait()
	defer next.Shutdown(t.Context())
	if _, err := waiting.Write([]byte(`{"type":"ping"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	_ = waiting.SetDeadline(time.Now().Add(patience))
	answer := make([]byte, 256)
	if n, err := waiting.Read(answer); err != nil || !strings.Contains(string(answer[:n]), "pong") {
		t.Errorf("who waited gets %q, %v", answer[:n], err)
	}
}

func TestOtherLimitsHoldAtOnce(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":1}`)
	c.want("type", "subscribed")
	limits := d.Limits()
	limits.Subscriptions = 1
	limits.RequestMemory *= 2
	d.SetLimits(limits)
	c.send(`{"type":"subscribe","id":2}`)
	c.want("error.code", "busy")
	if got, was := d.Limits().RequestMemory, config.Default().Limits.RequestMemory; got != was {
		t.Errorf("the memory for requests is %d, said to be %d", was, got)
	}
}
