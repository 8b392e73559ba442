// Package event numbers the events of an instance, keeps the newest ones, and
// delivers them to subscribers.
//
// A publisher calls Bus.Publish, which never waits for a subscriber. A
// subscriber calls Bus.Subscribe and then Take, at its own pace: it gets every
// event that it asked for once and in order, or a gap in place of the events
// that it missed.
//
// The package knows no event type by name. Filters, queues and the two streams
// work by what protocol.EventSpec says of a type.
package event

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// How much an instance keeps for later subscribers.
const (
	eventRing = 8192 // events
	logRing   = 4096 // log lines
)

// A Bus is the stream of events of one instance, from the daemon's start to
// its exit. Log lines have numbers and a ring of their own, so that a burst of
// them displaces no other event.
type Bus struct {
	boot      protocol.ID
	seq       atomic.Uint64 // the newest event's number, for readers without mu
	gaps      atomic.Uint64 // delivered so far
	afterStop atomic.Uint64 // events delivered to subscriptions after Stop

	mu        sync.Mutex // guards the fields below; locked before any Subscription.mu
	order     uint64     // counts both streams, to merge them in the order of publishing
	events    stream
	logs      stream
	subs      []*Subscription
	chains    map[progressKey]uint64 // the progress that can be continued; see record.chain
	published []uint64               // by protocol.EventSpec.Index
	stopped   Totals                 // of the subscriptions that were stopped
}

// NewBus returns the bus of an instance in the daemon start named boot.
func NewBus(boot protocol.ID) *Bus {
	return &Bus{
		boot: boot, events: newStream(eventRing), logs: newStream(logRing),
		chains:    make(map[progressKey]uint64),
		published: make([]uint64, len(protocol.EventTypes)),
	}
}

// BootID returns the daemon start in which the events were numbered.
func (b *Bus) BootID() protocol.ID { return b.boot }

// Seq returns the number of the newest event. A state that is read afterwards
// includes everything that the events up to it report.
func (b *Bus) Seq() uint64 { return b.seq.Load() }

// Gaps returns how many gaps were delivered.
func (b *Bus) Gaps() uint64 { return b.gaps.Load() }

// Subscriptions returns how many subscriptions there are.
func (b *Bus) Subscriptions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs)
}

// Publish numbers ev, sets its time if it has none, and queues it for the
// subscribers that want it. It never waits for them. What ev.Data refers to must
// not change afterwards. Publish panics if the type of ev is not declared, which
// protocol.EventOf.New rules out.
func (b *Bus) Publish(ev protocol.Event) {
	if ev.Time.IsZero() {
		ev.Time = time.Now()
	}
	ev.Time = ev.Time.UTC()
	rec := newRecord(ev)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.published[rec.spec.Index()]++
	b.order++
	rec.order = b.order
	b.chainLocked(rec)
	if rec.spec.Log {
		rec.ev.LogSeq = b.logs.add(rec)
	} else {
		rec.ev.Seq = b.events.add(rec)
		b.seq.Store(rec.ev.Seq)
	}
	for _, s := range b.subs {
		s.offer(rec)
	}
}

// removeLocked removes s and keeps its totals. b.mu and s.mu are held.
func (b *Bus) removeLocked(s *Subscription) {
	b.stopped.add(s.totalsLocked())
	i, last := slices.Index(b.subs, s), len(b.subs)-1
	b.subs[i], b.subs[last] = b.subs[last], nil
	b.subs = b.subs[:last]
}

// A stream is a numbered sequence of records. Its ring keeps the newest ones.
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

// oldest returns the number of the oldest record in the ring, seq+1 if there is
// none.
func (s *stream) oldest() uint64 {
	if s.seq < uint64(len(s.ring)) {
		return 1
	}
	return s.seq - uint64(len(s.ring)) + 1
}

func (s *stream) len() int { return int(s.seq - s.oldest() + 1) }

func (s *stream) at(seq uint64) *record { return s.ring[seq%uint64(len(s.ring))] }
