// Package event numbers the events of an instance, keeps the newest, and
// delivers them to subscribers.
//
// A publisher calls Bus.Publish and never waits. A subscriber calls
// Bus.Subscribe and then Take at its own pace. It gets every event that it asked
// for exactly once and in order, or a gap in place of those it missed.
package event

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// How much an instance keeps for replay.
const (
	eventRing = 8192 // events
	logRing   = 4096 // log lines
)

// A Bus is the stream of events of one instance, from the daemon's start to its
// end. Log lines have their own numbers and their own ring, so that a burst of
// them displaces no other events.
type Bus struct {
	boot protocol.ID
	seq  atomic.Uint64 // the newest event's number; may be read without mu
	gaps atomic.Uint64 // gaps delivered
	late atomic.Uint64 // events delivered to removed subscriptions

	mu     sync.Mutex // locked before any Subscription.mu
	order  uint64     // counts both streams, to merge them in order
	events stream
	logs   stream
	subs   []*Subscription

	published [33]uint64 // by the number of the type's bit; the last counts unknown types
	past      Totals     // of removed subscriptions
}

// NewBus returns the bus of an instance; boot identifies the daemon start.
func NewBus(boot protocol.ID) *Bus {
	return &Bus{boot: boot, events: newStream(eventRing), logs: newStream(logRing)}
}

// BootID returns the id of the daemon start that the events' numbers belong to.
func (b *Bus) BootID() protocol.ID { return b.boot }

// Seq returns the number of the newest event. A state read afterwards includes
// that event's change.
func (b *Bus) Seq() uint64 { return b.seq.Load() }

// Gaps returns how many gaps have been delivered to subscribers.
func (b *Bus) Gaps() uint64 { return b.gaps.Load() }

// Subscriptions returns the number of subscriptions.
func (b *Bus) Subscriptions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs)
}

// Publish sets the number of ev, and its time if it has none, and delivers it to
// the matching subscribers. It never waits for them. The caller must not change
// the data that ev refers to afterwards.
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

// remove removes s and adds its totals to past. b.mu and s.mu are held.
func (b *Bus) remove(s *Subscription) {
	b.past.add(s.totals())
	i, last := slices.Index(b.subs, s), len(b.subs)-1
	b.subs[i], b.subs[last] = b.subs[last], nil
	b.subs = b.subs[:last]
}

// A stream is a ring of the newest of a numbered sequence of records. Bus.mu
// guards it.
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

// oldest returns the number of the oldest record in the ring, seq+1 if it is
// empty.
func (s *stream) oldest() uint64 {
	if s.seq < uint64(len(s.ring)) {
		return 1
	}
	return s.seq - uint64(len(s.ring)) + 1
}

func (s *stream) at(seq uint64) *record { return s.ring[seq%uint64(len(s.ring))] }
