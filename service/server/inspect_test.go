package server_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// await looks at the server until what it shows is as wanted.
func (d *daemon) await(t *testing.T, what string, ok func(api.Debug) bool) api.Debug {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		shown := d.Inspect(api.DefaultLimit)
		if ok(shown) {
			return shown
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: never so; at last %+v", what, shown)
		}
		<-tick.C
	}
}

func TestInspectShowsWhoIsThere(t *testing.T) {
	d := start(t)
	quiet, named := d.dial(t), d.dial(t)
	d.await(t, "both are accepted", func(s api.Debug) bool { return s.Totals.Connections == 2 })
	named.send(`{"type":"hello","client":"%s"}`, "probe/"+strings.Repeat("é", 100))
	named.want("type", "ok")
	shown := d.await(t, "the answer is counted", func(s api.Debug) bool { return s.Connections[1].BytesWritten > 0 })
	first, second := shown.Connections[0], shown.Connections[1]
	if first.ID != 1 || first.Encoding != "" || first.Client != "" || first.BytesRead != 0 || first.PID != os.Getpid() || first.UID != os.Getuid() {
		t.Errorf("the quiet one: %+v", first)
	}
	if second.ID != 2 || second.Encoding != "json" || !strings.HasPrefix(second.Client, "probe/é") || len(second.Client) > 64 || strings.Contains(second.Client, "\uFFFD") {
		t.Errorf("the one with a name: %+v", second)
	}
	if second.BytesRead == 0 || second.Since.IsZero() || shown.Truncated {
		t.Errorf("%+v", shown)
	}
	quiet.Close()
	d.await(t, "one has gone", func(s api.Debug) bool { return s.Totals.Connections == 1 && s.Connections[0].ID == 2 })
}

func TestInspectShowsCallsInFlight(t *testing.T) {
	d := start(t)
	release := make(chan struct{}) // ends the handler that does not listen
	registry.Bind(d.inst.registry, protocol.CoreQuery[api.Empty, textOutput]("test.uncancellable", "Take no notice of a cancel"),
		func(context.Context, api.Empty) (textOutput, error) {
			<-release
			return textOutput{}, nil
		})
	defer close(release)
	c := d.dial(t)
	c.send(`{"type":"query","id":7,"method":"query:test.uncancellable.v1","trace_id":"stuck"}`)
	d.await(t, "the first call runs", func(s api.Debug) bool { return len(s.Calls) == 1 && s.Calls[0].AgeMS > 0 })
	c.send(`{"type":"query","method":"test.block","timeout_ms":3600000}`) // without an id
	<-d.inst.blocked
	c.send(`{"type":"query","id":9,"method":"test.uncancellable","timeout_ms":1}`)
	c.send(`{"type":"cancel","target":7}`)
	c.want("payload.found", "true")
	shown := d.await(t, "the third's time is over", func(s api.Debug) bool {
		return len(s.Calls) == 3 && s.Calls[2].TimeoutLeftMS < 0
	})
	old, unnamed, late := shown.Calls[0], shown.Calls[1], shown.Calls[2]
	if unnamed.ID == 9 { // begun in the same millisecond
		unnamed, late = late, unnamed
	}
	if old.ID != 7 || old.Method != "test.uncancellable" || old.TraceID != "stuck" || !old.Cancelled || old.TimeoutLeftMS != 0 {
		t.Errorf("the cancelled one: %+v", old)
	}
	if unnamed.ID != 0 || unnamed.TraceID == "" || unnamed.Cancelled || unnamed.TimeoutLeftMS < 3_000_000 {
		t.Errorf("the one without an id: %+v", unnamed)
	}
	if late.ID != 9 || !late.Cancelled {
		t.Errorf("the one whose time is over: %+v", late)
	}
	close(d.inst.release)
	c.want("payload.text", "released")
	d.await(t, "it is no longer in flight", func(s api.Debug) bool { return s.Totals.Calls == 2 })
}

func TestInspectShowsWhatHoldsReading(t *testing.T) {
	d := start(t, func(o *server.Options) {
		o.Limits.Calls = 2
		o.Limits.RequestMemory = protocol.MaxFrame
	})
	held := func(by string, check func(api.DebugConnection) bool) func(api.Debug) bool {
		return func(s api.Debug) bool {
			return len(s.Connections) > 0 && s.Connections[0].Held == by && check(s.Connections[0])
		}
	}
	t.Run("calls", func(t *testing.T) {
		c := d.dial(t)
		for range 3 {
			c.send(`{"type":"query","method":"test.block"}`)
		}
		d.await(t, "held by its calls", held(api.HeldByCalls, func(c api.DebugConnection) bool { return c.Calls == 2 && c.AnswersWaiting == 0 }))
		for range 3 {
			d.inst.release <- struct{}{}
			c.want("type", "ok")
		}
		d.await(t, "read again", func(s api.Debug) bool { return s.Connections[0].Held == "" && s.Connections[0].CallsTotal == 3 })
		c.Close()
	})
	t.Run("unread answers of calls", func(t *testing.T) {
		c := d.dial(t)
		for range 3 {
			c.send(`{"type":"query","method":"test.big","payload":{"size":4000000}}`)
		}
		d.await(t, "held by answers that nobody reads", held(api.HeldByCalls, func(c api.DebugConnection) bool {
			return c.AnswersWaiting == 2 && c.BytesWaiting > 4_000_000
		}))
		for range 3 {
			c.want("type", "ok")
		}
		c.Close()
	})
	t.Run("answers", func(t *testing.T) {
		c := d.dial(t)
		go func() { // until the connection is closed
			line := []byte(strings.Repeat(`{"type":"hello"}`+"\n", 1000))
			for {
				if _, err := c.Write(line); err != nil {
					return
				}
			}
		}()
		d.await(t, "held by plain answers", held(api.HeldByAnswers, func(c api.DebugConnection) bool { return c.BytesWaiting >= 1<<20 }))
		c.Close()
	})
	t.Run("memory", func(t *testing.T) {
		first, second := d.dial(t), d.dial(t)
		half := `{"type":"query","method":"test.echo","payload":{"text":"` + strings.Repeat("x", 100_000)
		for _, c := range []*conn{first, second} {
			if _, err := c.Write([]byte(half)); err != nil {
				t.Fatal(err)
			}
		}
		shown := d.await(t, "held by memory", held(api.HeldByMemory, func(api.DebugConnection) bool { return true }))
		if m := shown.RequestMemory; m.Used != protocol.MaxFrame || m.Limit != protocol.MaxFrame {
			t.Errorf("%+v", m)
		}
		first.send(`"}}`)
		second.send(`"}}`)
		first.want("type", "ok")
		second.want("type", "ok")
		d.await(t, "all is given back", func(s api.Debug) bool { return s.RequestMemory.Used == 0 })
	})
}

func TestInspectShowsSubscriptions(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":5,"event_types":["LogMessage","LibraryCreated"],"filter":{"path":"/home"}}`)
	c.want("type", "subscribed")
	c.send(`{"type":"subscribe","id":6}`)
	c.want("type", "subscribed")
	d.publish("first")
	c.want("event.seq", "1", "id", "6")
	shown := d.await(t, "one is delivered", func(s api.Debug) bool { return s.Totals.Subscriptions == 2 && s.Subscriptions[1].Delivered == 1 })
	filtered, plain := shown.Subscriptions[0], shown.Subscriptions[1]
	if filtered.ID != 5 || fmt.Sprint(filtered.EventTypes) != "[LibraryCreated LogMessage]" || filtered.Filter.Path != "/home" || filtered.Lag != 0 || filtered.Delivered != 0 {
		t.Errorf("%+v", filtered)
	}
	if plain.ID != 6 || len(plain.EventTypes) != 0 || plain.Lag != 0 || plain.Queued != 0 {
		t.Errorf("%+v", plain)
	}
	// Nobody reads: what the kernel does not take waits, then overflows.
	const events = 5000
	for range events {
		d.publish(strings.Repeat("x", 1000))
	}
	shown = d.await(t, "the queue is full", func(s api.Debug) bool { return s.Subscriptions[0].Queued == 1024 })
	behind := shown.Subscriptions[0]
	if behind.ID != 6 || behind.QueuedBytes < 1_000_000 || behind.Lag < 1024 || behind.Dropped == 0 {
		t.Errorf("%+v", behind)
	}
	if total := behind.Delivered + behind.Dropped + uint64(behind.Queued); total != events+1 {
		t.Errorf("%d events are accounted for, of %d: %+v", total, events+1, behind)
	}
	for last := ""; last != fmt.Sprint(events+1); {
		last = dig(c.recv(), "event.seq")
	}
	shown = d.await(t, "caught up", func(s api.Debug) bool {
		return s.Subscriptions[0].Queued == 0 && s.Subscriptions[0].Lag == 0 && s.Subscriptions[1].Gaps >= 1
	})
	gaps := shown.Subscriptions[1].Gaps
	if st := d.inst.bus.Stats(); st.Gaps != gaps || st.Dropped != behind.Dropped || st.Delivered != events+1-behind.Dropped {
		t.Errorf("the bus counts %+v", st.Totals)
	}
	c.Close()
	d.await(t, "gone", func(s api.Debug) bool { return s.Totals.Connections == 0 })
	if st := d.inst.bus.Stats(); st.Subscriptions != 0 || st.Gaps != gaps || st.Dropped != behind.Dropped || st.Delivered != events+1-behind.Dropped {
		t.Errorf("with nobody there the bus counts %+v", st)
	}
}

func TestInspectIsBounded(t *testing.T) {
	d := start(t)
	for range 3 {
		c := d.dial(t)
		for id := range 3 {
			c.send(`{"type":"query","id":%d,"method":"test.block"}`, id+1)
			<-d.inst.blocked
			c.send(`{"type":"subscribe","id":%d,"filter":{"path":"/%s"}}`, id+10, strings.Repeat("p", 1<<20))
			c.want("type", "subscribed")
		}
	}
	defer close(d.inst.release)
	for _, tt := range []struct{ limit, connections, calls, subscriptions int }{
		{2, 2, 2, 2},
		{100, 3, 9, 3}, // of the filters' 9 MiB, 4
	} {
		s := d.Inspect(tt.limit)
		if len(s.Connections) != tt.connections || len(s.Calls) != tt.calls || len(s.Subscriptions) != tt.subscriptions || !s.Truncated {
			t.Errorf("limit %d: %d connections, %d calls, %d subscriptions, truncated: %v", tt.limit, len(s.Connections), len(s.Calls), len(s.Subscriptions), s.Truncated)
		}
		if s.Totals != (api.DebugTotals{Connections: 3, Calls: 9, Subscriptions: 9}) {
			t.Errorf("%+v", s.Totals)
		}
	}
}

func TestCountsOutliveTheirConnections(t *testing.T) {
	d := start(t, func(o *server.Options) { o.Limits.Connections = 1 })
	c := d.dial(t)
	sent := `{"type":"query","method":"test.echo"}` + "\n" + `{"type":"query","method":"test.none"}` + "\n" + `{"type":"what"}` + "\n" +
		`{"type":"query","method":"test.echo","payload":{"text":7}}` + "\n" + `{"type":"query","method":"test.block","timeout_ms":1}` + "\n"
	if _, err := c.Write([]byte(sent)); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c.recv()
	}
	refused := d.dial(t)
	refused.send("{")
	refused.want("error.code", "too_many_connections")
	check := func(when string) {
		t.Helper()
		n := d.Counts()
		if n.Accepted != 1 || n.Refused[protocol.TooManyConnections] != 1 || n.BytesIn != uint64(len(sent)) || n.BytesOut < 5*40 ||
			n.Unknown != 1 || n.Unreadable[protocol.InvalidRequest] != 1 || n.Calls != 0 {
			t.Errorf("%s: %+v", when, n)
		}
	}
	d.await(t, "all is over", func(s api.Debug) bool { return s.Totals.Calls == 0 && s.Connections[0].AnswersWaiting == 0 })
	check("before")
	c.Close()
	d.await(t, "it has gone", func(s api.Debug) bool { return s.Totals.Connections == 0 })
	check("after")
	for _, m := range d.inst.registry.Methods() {
		timed, _, _ := m.Tally.Times()
		switch got := fmt.Sprint(m.Tally.OK.Load(), m.Tally.Failed.Counts(), timed); {
		case m.Name == "test.echo" && got != "1 map[deserialization:1] 0",
			m.Name == "test.block" && got != "0 map[deadline_exceeded:1] 1":
			t.Errorf("%s: %s", m.Name, got)
		}
	}
}
