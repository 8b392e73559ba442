package server

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
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
	sub := &subscription{id: 1}
	sub.events = bus.Subscribe(&protocol.SubscribeRequest{}, protocol.JSON, func() { c.out.wake(sub) })
	c.out.add(sub)
	c.out.flush() // as the reading goroutine does before it waits
	bus.Publish(protocol.Event{Type: protocol.CoreStarted})
	_ = here.SetDeadline(time.Now().Add(10 * time.Second))
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
		bus.Publish(protocol.Event{Type: protocol.CoreStarted, Data: protocol.ValueOf(strings.Repeat("x", 1000))})
	}
	s := New(Options{Limits: config.Default().Limits, Log: zerolog.Nop()})
	c := s.newConn(there, busOnly{bus: bus}, registry.Peer{})
	for id := range uint64(2) {
		sub := &subscription{id: id + 1}
		req := &protocol.SubscribeRequest{After: &protocol.Position{BootID: bus.BootID()}}
		sub.events = bus.Subscribe(req, protocol.JSON, func() { c.out.wake(sub) })
		c.out.add(sub)
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	first, second := string(c.out.gather()), string(c.out.gather())
	if !strings.Contains(first, `"id":1`) || !strings.Contains(second, `"id":2`) {
		t.Errorf("batches begin with %.40q and %.40q", first, second)
	}
}

func TestMilliseconds(t *testing.T) {
	for n, want := range map[uint64]time.Duration{0: 0, 20: 20 * time.Millisecond, 1<<64 - 1: 9223372036854 * time.Millisecond} {
		if got := milliseconds(n); got != want {
			t.Errorf("milliseconds(%d) is %v, want %v", n, got, want)
		}
	}
}
