package server

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/event"
)

type busOnly struct {
	Instance
	bus *event.Bus
}

func (busOnly) Name() string      { return "default" }
func (busOnly) Opened() bool      { return true }
func (b busOnly) Bus() *event.Bus { return b.bus }

// Between the answer to a subscribe and the adding of the subscription, the
// goroutine of a call that ends may write the answer.
func TestASubscriptionWhoseAnswerIsWrittenAlreadyIsNotDeaf(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	bus := event.NewBus(protocol.NewID())
	s := New(Options{Limits: config.Default().Limits, Log: zerolog.Nop()})
	c := s.newConn(there, busOnly{bus: bus}, registry.Peer{})
	sub := c.newSubscription(&protocol.Request{ID: 1, Subscribe: &protocol.SubscribeRequest{}})
	c.out.add(sub)
	c.out.flush() // as the reading goroutine does before it waits
	bus.Publish(protocol.Event{Type: api.CoreStarted.Type})
	_ = here.SetDeadline(time.Now().Add(5 * time.Minute))
	if line, err := bufio.NewReader(here).ReadString('\n'); err != nil {
		t.Fatalf("no event: %v (%q)", err, line)
	}
	c.out.end(sub, "unsubscribed")
	if line, err := bufio.NewReader(here).ReadString('\n'); err != nil {
		t.Fatalf("no end: %v (%q)", err, line)
	}
	c.out.awaitIdle()
}

func TestASubscriptionWithMuchToSendLeavesRoomForAnother(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	bus := event.NewBus(protocol.NewID())
	for range 1000 {
		bus.Publish(protocol.Event{Type: api.CoreStarted.Type, Data: protocol.ValueOf(strings.Repeat("x", 1000))})
	}
	s := New(Options{Limits: config.Default().Limits, Log: zerolog.Nop()})
	c := s.newConn(there, busOnly{bus: bus}, registry.Peer{})
	for id := range uint64(2) {
		req := &protocol.SubscribeRequest{After: &protocol.Position{BootID: bus.BootID()}}
		c.out.add(c.newSubscription(&protocol.Request{ID: id + 1, Subscribe: req}))
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	for id := range 2 {
		var b eventBatch
		if c.out.gather(&b); !strings.Contains(string(b.buf), fmt.Sprintf(`"id":%d`, id+1)) {
			t.Errorf("batch %d begins with %.40q", id+1, b.buf)
		}
	}
}

// While events are gathered, another subscribe may be answered. Its events must
// not be gathered before that answer is written.
func TestNoEventsAreGatheredWhileAnAnswerWaits(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	bus := event.NewBus(protocol.NewID())
	bus.Publish(protocol.Event{Type: api.CoreStarted.Type})
	s := New(Options{Limits: config.Default().Limits, Log: zerolog.Nop()})
	c := s.newConn(there, busOnly{bus: bus}, registry.Peer{})
	req := &protocol.SubscribeRequest{After: &protocol.Position{BootID: bus.BootID()}}
	c.plain(1, protocol.TypeSubscribed)
	c.out.add(c.newSubscription(&protocol.Request{ID: 1, Subscribe: req}))
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	var b eventBatch
	if c.out.gather(&b); len(b.buf) > 0 {
		t.Errorf("before the answer comes %q", b.buf)
	}
	c.out.queued = batch{} // it has been written
	if c.out.gather(&b); len(b.buf) == 0 {
		t.Error("after the answer comes nothing")
	}
}

func TestMilliseconds(t *testing.T) {
	for n, want := range map[uint64]time.Duration{0: 0, 20: 20 * time.Millisecond, 1<<64 - 1: 9223372036854 * time.Millisecond} {
		if got := milliseconds(n); got != want {
			t.Errorf("milliseconds(%d) is %v, want %v", n, got, want)
		}
	}
}
