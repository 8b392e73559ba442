package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

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
		limits := config.Default().Limits
		bubble(t, limits, func(nc net.Conn, inst *instance) {
			frames := protocol.NewFrameReader(nc, protocol.JSON, nil)
			receive := func() *protocol.Reply {
				frame, err := frames.Next()
				if err != nil {
					t.Fatal(err)
				}
				r, err := protocol.ParseReply(protocol.JSON, frame)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			fmt.Fprintln(nc, `{"type":"subscribe","id":1}`)
			if r := receive(); r.Type != protocol.TypeSubscribed {
				t.Fatalf("%+v", r)
			}
			const events = 5000
			for range events {
				inst.publish(strings.Repeat("x", 1000))
			}
			// The queue has overflowed. Let more time pass than a peer with
			// answers waiting would have.
			time.Sleep(2 * limits.UnreadTimeout)
			got, missing := uint64(0), uint64(0)
			for got+missing < events {
				switch r := receive(); r.Type {
				case protocol.TypeEvent:
					got++
				case protocol.TypeGap:
					missing += r.Gap.To - r.Gap.From + 1
				}
			}
			if missing == 0 {
				t.Error("nothing overflowed: the test proves nothing")
			}
		})
	})
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

// nc sees an error before it has read the answer, and drops the answer.
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
