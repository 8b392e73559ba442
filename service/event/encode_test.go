package event

import (
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// probe notes, when it is encoded, whether the bus is locked.
type probe struct{ bus *Bus }

var encodedWhileLocked int

func (p probe) MarshalText() ([]byte, error) {
	if !p.bus.mu.TryLock() {
		encodedWhileLocked++
		return []byte("locked"), nil
	}
	p.bus.mu.Unlock()
	return []byte("free"), nil
}

// TestNothingIsEncodedWhileTheBusIsLocked, where every publisher would wait for
// it: neither when an event is published, nor when it is replayed or a full
// queue is looked at.
func TestNothingIsEncodedWhileTheBusIsLocked(t *testing.T) {
	bus := NewBus(protocol.NewID())
	finished := protocol.Event{Type: api.JobUpdate.Type, Data: protocol.ValueOf(api.JobEvent{
		Status: api.JobCompleted, Output: protocol.ValueOf(probe{bus}),
	})}
	line := protocol.Event{Type: api.LogMessage.Type, Data: protocol.ValueOf(api.LogEvent{
		Level: protocol.Info, Message: "a line", Fields: map[string]any{"field": probe{bus}},
	})}
	subscribe := func() *Subscription {
		return bus.Subscribe(&protocol.SubscribeRequest{
			EventTypes: []protocol.EventType{api.JobUpdate.Type, api.LogMessage.Type},
			After:      &protocol.Position{BootID: bus.BootID()}, Tail: logRing,
		}, protocol.JSON, func() {})
	}
	first := subscribe()
	for range queueEvents + deferredChunk {
		bus.Publish(finished)
		bus.Publish(line)
	}
	for _, s := range []*Subscription{first, subscribe()} {
		s.State()
		for some, more := make([]Delivery, 64), true; more; {
			_, more = s.Take(some, 1<<20)
		}
	}
	if encodedWhileLocked > 0 {
		t.Errorf("%d events were encoded while the bus was locked", encodedWhileLocked)
	}
}
