// Package event numbers what happens in an instance, keeps the newest of it,
// and hands it to subscribers.
//
// A publisher calls Bus.Publish and never waits. A subscriber calls
// Bus.Subscribe and then Take, as fast or as slowly as it likes: it gets
// every event that it asked for exactly once and in order, or a gap in the
// place of those it missed.
package event

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// How much an instance keeps for those who subscribe later.
const (
	eventRing = 8192 // events
	logRing   = 4096 // log lines
)

// A Bus is the stream of events of one instance, from the daemon's start to
// its end. Log lines are numbered and kept apart from all other events, so
// that a burst of them pushes nothing else out.
type Bus struct {
	boot protocol.ID
	seq  atomic.Uint64 // the newest event's number, to be read without mu
	gaps atomic.Uint64 // gaps handed to subscribers so far
	late atomic.Uint64 // events handed to subscribers that had been removed

	mu     sync.Mutex // before any Subscription.mu
	order  uint64     // counts both streams, to merge them as they came
	events stream
	logs   stream
	subs   []*Subscription

	published [33]uint64 // by the number of the type's bit; the last is of unknown ones
	past      Totals     // of the subscriptions that were removed
}

// NewBus returns the bus of an instance in the daemon start named boot.
func NewBus(boot protocol.ID) *Bus {
	return &Bus{boot: boot, events: newStream(eventRing), logs: newStream(logRing)}
}

// BootID returns the daemon start that the events' numbers belong to.
func (b *Bus) BootID() protocol.ID { return b.boot }

// Seq returns the number of the newest event. A state read afterwards shows
// at least what that event tells of.
func (b *Bus) Seq() uint64 { return b.seq.Load() }

// Gaps returns how many gaps subscribers have been sent.
func (b *Bus) Gaps() uint64 { return b.gaps.Load() }

// Subscriptions returns how many subscriptions there are.
func (b *Bus) Subscriptions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs)
}

// Publish gives ev its number and, where it has none, its time, and hands it
// to the subscribers that it fits. It never waits for them. What ev.Data
// refers to must not change afterwards.
func (b *Bus) Publish(ev protocol.Event) {
	if ev.Time.IsZero() {
		ev.Time = time.Now()
	}
	ev.Time = ev.Time.UTC()
	rec := newRecord(ev)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.published[bits.TrailingZeros32(rec.bit)]++
	b.order++
	rec.order = b.order
	if ev.Type == protocol.LogMessage {
		rec.ev.LogSeq = b.logs.add(rec)
	} else {
		rec.ev.Seq = b.events.add(rec)
		b.seq.Store(rec.ev.Seq)
	}
	for _, s := range b.subs {
		s.offer(rec)
	}
}

// remove forgets s, and counts what has become of its events. b.mu and s.mu are
// held.
func (b *Bus) remove(s *Subscription) {
	b.past.add(s.totals())
	i, last := slices.Index(b.subs, s), len(b.subs)-1
	b.subs[i], b.subs[last] = b.subs[last], nil
	b.subs = b.subs[:last]
}

// A stream is a numbered sequence of records of which the newest are kept.
// Bus.mu guards it.
type stream struct {
	seq  uint64    // the newest record's number; the first is 1
	ring []*record // record n is at n % len
}

func newStream(size int) stream { return stream{ring: make([]*record, size)} }

func (s *stream) add(rec *record) uint64 {
	s.seq++
	rec.seq = s.seq
	s.ring[s.seq%uint64(len(s.ring))] = rec
	return s.seq
}

// oldest returns the number of the oldest record kept, seq+1 if there is none.
func (s *stream) oldest() uint64 {
	if s.seq < uint64(len(s.ring)) {
		return 1
	}
	return s.seq - uint64(len(s.ring)) + 1
}

func (s *stream) at(seq uint64) *record { return s.ring[seq%uint64(len(s.ring))] }
