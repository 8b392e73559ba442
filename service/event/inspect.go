package event

import (
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A State describes a subscription at one moment.
type State struct {
	Types     []protocol.EventType // empty: all but log lines
	Filter    protocol.Filter
	Replaying bool
	Queued    int    // events and log lines
	Bytes     int    // roughly, of what is queued
	Lag       uint64 // how many numbers behind the newest event
	Totals
}

// Totals count what happened to the events of subscriptions.
type Totals struct {
	Delivered uint64
	Gaps      uint64 // delivered
	Coalesced uint64 // replaced by newer progress
	Dropped   uint64 // from a full queue
}

func (t *Totals) add(o Totals) {
	t.Delivered += o.Delivered
	t.Gaps += o.Gaps
	t.Coalesced += o.Coalesced
	t.Dropped += o.Dropped
}

// State returns the state of the subscription. Publishers wait for it no longer
// than for a delivery.
func (s *Subscription) State() State {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushDeferredLocked()
	st := State{
		Types: s.match.list(), Filter: s.match.filter,
		Replaying: s.events.next != 0 || s.logs.next != 0,
		Queued:    s.events.queue.live + s.logs.queue.live,
		Bytes:     s.events.queue.bytes + s.logs.queue.bytes,
		Totals:    s.totalsLocked(),
	}
	if newest := s.bus.Seq(); (s.events.next != 0 || !s.events.queue.empty()) && newest > s.served {
		st.Lag = newest - s.served
	}
	return st
}

// totalsLocked returns the totals of the subscription. s.mu is held.
func (s *Subscription) totalsLocked() Totals {
	return Totals{
		Delivered: s.delivered, Gaps: s.gaps,
		Coalesced: s.events.queue.coalesced + s.logs.queue.coalesced,
		Dropped:   s.events.queue.dropped + s.logs.queue.dropped,
	}
}

// Stats are the counters of a bus at one moment.
type Stats struct {
	Seq, LogSeq      uint64 // the newest numbers
	Events, LogLines int    // in the rings
	EventCap, LogCap int    // of the rings
	Subscriptions    int
	Published        []uint64 // for each of protocol.EventTypes
	Totals                    // of all subscriptions since NewBus
	Queued           int      // for all present subscriptions
	QueuedBytes      int
}

// Stats returns the counters of the bus.
func (b *Bus) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := Stats{
		Seq: b.events.seq, LogSeq: b.logs.seq,
		Events: b.events.len(), LogLines: b.logs.len(),
		EventCap: len(b.events.ring), LogCap: len(b.logs.ring),
		Subscriptions: len(b.subs),
		Published:     slices.Clone(b.published),
		Totals:        b.stopped,
	}
	for _, s := range b.subs {
		s.mu.Lock()
		s.pushDeferredLocked()
		st.Totals.add(s.totalsLocked())
		st.Queued += s.events.queue.live + s.logs.queue.live
		st.QueuedBytes += s.events.queue.bytes + s.logs.queue.bytes
		s.mu.Unlock()
	}
	st.Delivered += b.afterStop.Load()
	st.Gaps = b.gaps.Load()
	return st
}
