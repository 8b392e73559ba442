package server_test

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// A deadlineConn remembers the deadline of its writes.
type deadlineConn struct {
	*net.UnixConn
	deadline atomic.Pointer[time.Time]
	set      atomic.Bool // ever, to a time
}

func (c *deadlineConn) SetWriteDeadline(at time.Time) error {
	c.deadline.Store(&at)
	c.set.Store(c.set.Load() || !at.IsZero())
	return c.UnixConn.SetWriteDeadline(at)
}

// TestADeadlineIsNotLeftBehind when an answer is written: it would pass while
// there is nothing to write, and fail the next answer before that begins.
func TestADeadlineIsNotLeftBehind(t *testing.T) {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	nc, err := net.Dial("unix", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	there := &deadlineConn{UnixConn: accepted}
	srv := server.New(server.Options{Limits: config.Default().Limits, Log: zerolog.Nop()})
	var served sync.WaitGroup
	served.Go(func() { srv.ServeConn(there, newInstance(), registry.Peer{}) })
	defer served.Wait()
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	// More than the kernel takes at once.
	fmt.Fprintln(nc, `{"type":"query","id":1,"method":"test.big","payload":{"size":2000000}}`)
	lines := bufio.NewReaderSize(nc, 1<<16)
	if n, err := discardLine(lines); err != nil || n < 2_000_000 {
		t.Fatalf("an answer of %d bytes, %v", n, err)
	}
	fmt.Fprintln(nc, `{"type":"ping","id":2}`)
	if r := next(t, lines, protocol.JSON); r.Type != protocol.TypePong {
		t.Fatalf("%+v", r)
	}
	if at := there.deadline.Load(); !there.set.Load() || !at.IsZero() {
		t.Errorf("the deadline is %v", at)
	}
}

// busLog publishes each log line as an event, as the daemon's log does.
type busLog struct{ inst *instance }

func (l *busLog) Write(line []byte) (int, error) {
	if l.inst != nil {
		l.inst.bus.Publish(api.LogMessage.New(api.LogEvent{Message: string(line), Level: protocol.Warn}))
	}
	return len(line), nil
}

func TestWhoReadsNothingMayHaveSubscribedToTheLog(t *testing.T) {
	sink := new(busLog)
	d := start(t, func(o *server.Options) {
		o.Limits.UnreadTimeout = 50 * time.Millisecond
		o.Log = zerolog.New(sink).Level(zerolog.InfoLevel)
	})
	sink.inst = d.inst
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":1,"event_types":["LogMessage"]}`)
	c.want("type", "subscribed")
	d.Log.Info().Msg("a line")
	c.want("type", "event")
	<-time.After(20 * time.Millisecond) // until it has looked for more and found nothing
	c.send(`{"type":"query","id":2,"method":"test.big","payload":{"size":8000000}}`)
	waitFor(t, "the connection to be closed", func() bool { return d.Connections() == 0 })
}

func TestAHeartbeatAgesAway(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	// Times a million, modulo 2^64, this is some three microseconds.
	c.send(`{"type":"subscribe","id":1,"heartbeat_ms":534955578137577}`)
	c.want("type", "subscribed")
	for range 50 {
		c.send(`{"type":"ping"}`)
		for m := c.recv(); m["type"] != "pong"; m = c.recv() {
			if m["type"] == "heartbeat" {
				t.Fatalf("a heartbeat: %v", m)
			}
		}
	}
}
