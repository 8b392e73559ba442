package event

import (
	"math/bits"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A State is a snapshot of a subscription.
type State struct {
	Types     []protocol.EventType // empty for the default types
	Filter    protocol.Filter
	Replaying bool
	Queued    int // events and log lines in the queues
	Bytes     int // of the queued ones
	Lag       uint64
	Totals
}

// Totals count events by outcome.
type Totals struct {
	Delivered uint64
	Gaps      uint64 // gaps delivered
	Coalesced uint64 // replaced by later ones
	Dropped   uint64 // for lack of room in a queue
}

func (t *Totals) add(o Totals) {
	t.Delivered += o.Delivered
	t.Gaps += o.Gaps
	t.Coalesced += o.Coalesced
	t.Dropped += o.Dropped
}

// State returns a snapshot of the subscription. It locks the bus no longer than
// a delivery does.
func (s *Subscription) State() State {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushLate()
	st := State{
		Types: s.match.types.list(), Filter: s.match.filter,
		Replaying: s.events.next != 0 || s.logs.next != 0,
		Queued:    s.events.queue.live + s.logs.queue.live,
		Bytes:     s.events.queue.bytes + s.logs.queue.bytes,
		Totals:    s.totals(),
	}
	if newest := s.bus.Seq(); (s.events.next != 0 || !s.events.queue.empty()) && newest > s.served {
		st.Lag = newest - s.served
	}
	return st
}

// totals returns the subscription's counters. s.mu is held.
func (s *Subscription) totals() Totals {
	return Totals{
		Delivered: s.delivered, Gaps: s.gaps,
		Coalesced: s.events.queue.coalesced + s.logs.queue.coalesced,
		Dropped:   s.events.queue.dropped + s.logs.queue.dropped,
	}
}

// list returns the types in a set, an empty list for the default types.
func (t typeSet) list() []protocol.EventType {
	types := []protocol.EventType{}
	if t == defaultTypes {
		return types
	}
	for left := uint32(t); left != 0; left &= left - 1 {
		types = append(types, protocol.EventTypes[bits.TrailingZeros32(left)])
	}
	return types
}

// Stats are a snapshot of a bus's counters.
type Stats struct {
	Seq, LogSeq      uint64 // the newest numbers
	Events, LogLines int    // kept
	EventCap, LogCap int
	Subscriptions    int
	Published        []uint64 // for each of protocol.EventTypes
	Totals                    // over all subscriptions, removed ones included
	Queued           int      // over all current subscriptions
	QueuedBytes      int
}

// Stats returns the bus's counters.
func (b *Bus) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := Stats{
		Seq: b.events.seq, LogSeq: b.logs.seq,
		Events: b.events.kept(), LogLines: b.logs.kept(),
		EventCap: len(b.events.ring), LogCap: len(b.logs.ring),
		Subscriptions: len(b.subs),
		Published:     append([]uint64(nil), b.published[:len(protocol.EventTypes)]...),
		Totals:        b.past,
	}
	for _, s := range b.subs {
		s.mu.Lock()
		s.pushLate()
		st.Totals.add(s.totals())
		st.Queued += s.events.queue.live + s.logs.queue.live
		st.QueuedBytes += s.events.queue.bytes + s.logs.queue.bytes
		s.mu.Unlock()
	}
	st.Delivered += b.late.Load()
	st.Gaps = b.gaps.Load()
	return st
}

func (s *stream) kept() int { return int(s.seq - s.oldest() + 1) }
