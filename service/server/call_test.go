package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

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

func (d *daemon) publish(path string) { d.inst.publish(path) }

func (i *instance) publish(path string) {
	i.bus.Publish(protocol.Event{
		Type: api.LocationUpdated.Type,
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
