package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

func TestSubscribersWhoReadNothing(t *testing.T) {
	d := start(t)
	const each = 50
	var readers []*conn
	for range each {
		idler := d.dial(t)
		idler.send(`{"type":"subscribe","id":1}`)
		idler.want("type", "subscribed")
		reader := d.dial(t)
		reader.send(`{"type":"subscribe","id":1}`)
		reader.want("type", "subscribed")
		readers = append(readers, reader)
	}
	const events = 1000
	for range events {
		d.publish(strings.Repeat("x", 300))
	}
	for _, c := range readers {
		for seq := uint64(1); seq <= events; {
			line, err := c.lines.ReadSlice('\n')
			if err != nil {
				t.Fatal(err)
			}
			if bytes.HasPrefix(line, fmt.Appendf(nil, `{"type":"event","id":1,"event":{"seq":%d,`, seq)) {
				seq++
				continue
			}
			var m struct{ Gap protocol.Gap } // slower than the publisher, which is no fault
			if err := json.Unmarshal(line, &m); err != nil || m.Gap.From != seq {
				t.Fatalf("after %d comes %s (%v)", seq-1, line, err)
			}
			seq = m.Gap.To + 1
		}
	}
}

func TestThousandsOfCallsBeforeOneIsRead(t *testing.T) {
	d := start(t)
	var run atomic.Int64
	registry.Bind(d.inst.registry, protocol.CoreQuery[api.Empty, textOutput]("test.count", "Tell the call's trace id, and count it"),
		func(ctx context.Context, _ api.Empty) (textOutput, error) {
			run.Add(1)
			return textOutput{registry.TraceID(ctx)}, nil
		})
	c := d.dial(t)
	const calls = 20_000
	sent := make(chan error, 1)
	go func() {
		for i := range calls {
			if _, err := fmt.Fprintf(c, `{"type":"query","id":%d,"method":"test.count","trace_id":"t%d"}`+"\n", i+1, i+1); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.CloseWrite()
	}()
	// The writer gets stuck before it is done, where nothing is read.
	for before := int64(-1); run.Load() != before; {
		before = run.Load()
		select {
		case err := <-sent:
			t.Fatalf("all calls were taken without an answer being read: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	if n := run.Load(); n > calls/2 {
		t.Errorf("%d calls have run, and no answer was read", n)
	}
	seen := make([]bool, calls+1)
	for range calls {
		m := c.recv()
		id := int(m["id"].(float64))
		if seen[id] || dig(m, "payload.text") != fmt.Sprintf("t%d", id) {
			t.Fatalf("answered twice, or with another's answer: %v", m)
		}
		seen[id] = true
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	c.wantEnd()
}

func TestAFullHouseCanBeCancelled(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	const limit = 128
	for i := range limit {
		c.send(`{"type":"query","id":%d,"method":"test.block"}`, i+1)
		<-d.inst.blocked
	}
	for i := range limit {
		c.send(`{"type":"cancel","id":%d,"target":%d}`, i+1000, i+1)
	}
	ended := 0
	for range 2 * limit {
		switch m := c.recv(); {
		case dig(m, "error.code") == "cancelled":
			ended++
		case dig(m, "payload.found") != "true":
			t.Errorf("%v", m)
		}
	}
	if ended != limit {
		t.Errorf("%d of %d calls were cancelled", ended, limit)
	}
}

func TestTwoClientsWithTheSameIDs(t *testing.T) {
	d := start(t)
	a, b := d.dial(t), d.dial(t)
	a.send(`{"type":"query","id":1,"method":"test.block"}`)
	<-d.inst.blocked
	b.send(`{"type":"cancel","id":2,"target":1}`)
	b.want("payload.found", "false")
	b.send(`{"type":"query","id":1,"method":"test.trace","trace_id":"bs"}`)
	b.want("id", "1", "payload.text", "bs")
	d.inst.release <- struct{}{}
	a.want("id", "1", "payload.text", "released")
}

func TestMoreConnectionsThanAreAllowed(t *testing.T) {
	const allowed, tries = 64, 1000
	lines := new(counter)
	d := start(t, func(o *server.Options) {
		o.Limits.Connections = allowed
		o.Log = zerolog.New(lines)
	})
	open := make([]*conn, allowed)
	for i := range open {
		open[i] = d.dial(t)
		open[i].send(`{"type":"ping"}`)
		open[i].want("type", "pong")
	}
	for range tries {
		nc, err := net.Dial("unix", d.path)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(patience))
		fmt.Fprint(nc, "{")
		if answer, err := io.ReadAll(nc); err != nil || !strings.Contains(string(answer), "too_many_connections") {
			t.Fatalf("%q, %v", answer, err)
		}
		nc.Close()
	}
	for _, c := range open {
		c.send(`{"type":"ping"}`)
		c.want("type", "pong")
	}
	if n := lines.Load(); n == 0 || n > tries/2 {
		t.Errorf("%d refusals made %d log lines", tries, n)
	}
}

// A counter counts log lines.
type counter struct{ atomic.Int64 }

func (c *counter) Write(line []byte) (int, error) {
	c.Add(1)
	return len(line), nil
}

// TestAPeerThatHangsUpWhileNothingIsRead: the reading goroutine waits for
// something else and does not see it.
func TestAPeerThatHangsUpWhileNothingIsRead(t *testing.T) {
	t.Run("for a call to end", func(t *testing.T) {
		d := start(t, func(o *server.Options) { o.Limits.Calls = 2 })
		c := d.dial(t)
		for i := range 3 {
			c.send(`{"type":"query","id":%d,"method":"test.block"}`, i+1)
		}
		<-d.inst.blocked
		<-d.inst.blocked
		c.Close()
		waitFor(t, "the connection's end", func() bool { return d.Connections() == 0 })
	})
	t.Run("for memory", func(t *testing.T) {
		d := start(t, func(o *server.Options) { o.Limits.RequestMemory = 1 }) // of one request
		half := `{"type":"ping"` + strings.Repeat(" ", 100<<10)
		holder, second := d.dial(t), d.dial(t)
		holder.send(`{"type":"ping"}`)
		holder.want("type", "pong")
		fmt.Fprint(holder, half)
		fmt.Fprint(second, half)
		second.Close()
		waitFor(t, "the second connection's end", func() bool { return d.Connections() == 1 })
		fmt.Fprintln(holder, "}")
		holder.want("type", "pong")
	})
}
