package event

import (
	"math/bits"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A State is how a subscription is at a moment.
type State struct {
	Types     []protocol.EventType // none: the default ones
	Filter    protocol.Filter
	Replaying bool
	Queued    int // events and log lines that wait
	Bytes     int // of those
	Lag       uint64
	Totals
}

// Totals count what has become of events.
type Totals struct {
	Delivered uint64
	Gaps      uint64 // delivered, too
	Coalesced uint64 // later ones stand for them
	Dropped   uint64 // a queue had no room
}

func (t *Totals) add(o Totals) {
	t.Delivered += o.Delivered
	t.Gaps += o.Gaps
	t.Coalesced += o.Coalesced
	t.Dropped += o.Dropped
}

// State tells how the subscription is. It holds up publishers no longer than a
// delivery does.
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

// totals returns what has become of the subscription's events. s.mu is held.
func (s *Subscription) totals() Totals {
	return Totals{
		Delivered: s.delivered, Gaps: s.gaps,
		Coalesced: s.events.queue.coalesced + s.logs.queue.coalesced,
		Dropped:   s.events.queue.dropped + s.logs.queue.dropped,
	}
}

// list returns the types of a set, none for the default ones.
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

// Stats are a bus's counters at a moment.
type Stats struct {
	Seq, LogSeq      uint64 // the newest numbers
	Events, LogLines int    // kept
	EventCap, LogCap int
	Subscriptions    int
	Published        []uint64 // for each of protocol.EventTypes
	Totals                    // over all subscriptions there have been
	Queued           int      // over all subscriptions there are
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
