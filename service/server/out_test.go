package server_test

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/server"
)

func TestAConnectionOutlivesTheTimeAllowedForAnAnswer(t *testing.T) {
	const allowed = 50 * time.Millisecond
	d := start(t, func(o *server.Options) { o.Limits.UnreadTimeout = allowed })
	c := d.dial(t)
	for range 3 {
		c.send(`{"type":"query","id":1,"method":"test.big","payload":{"size":2000000}}`) // more than the kernel takes at once
		c.want("type", "ok")
		<-time.After(2 * allowed) // the write's deadline passes, with nothing to write
		c.send(`{"type":"ping","id":2}`)
		c.want("type", "pong")
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
