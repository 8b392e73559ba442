package event

import (
	"sync"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Subscription is one subscriber's position in the two streams, with the
// events that wait for it.
type Subscription struct {
	bus    *Bus
	match  matcher
	enc    protocol.Encoding
	start  protocol.Subscribed
	notify func()

	mu     sync.Mutex
	events feed
	logs   feed
	armed  bool   // Take found nothing: the next event calls notify
	closed bool   // by Stop: the bus has removed it and added its totals
	served uint64 // the newest Seq taken

	delivered, gaps uint64 // so far
}

// A feed is a subscription's position in one of the two streams. It reads from
// the ring until it has caught up, so that a replay goes at the reader's own
// pace. From then on publishers push records to its queue: one at a time while
// the queue has room, and many at a time while it is full, so that a subscriber
// who no longer reads costs them next to nothing.
type feed struct {
	next     uint64 // the record to read from the ring; 0: caught up
	end      uint64 // the last record to read, after Stop
	deferred uint64 // the first record not yet pushed to the full queue; 0: none. Bus.mu guards it too
	queue    queue
}

// deferredChunk is how many records are pushed at a time to a full queue. They
// must still be in the ring.
const deferredChunk = 256

// A Delivery is an event or a gap.
type Delivery struct {
	Event     []byte // encoded; nil for a gap
	Coalesced uint64 // how many events it replaces, including itself: 1 if none was coalesced
	Gap       protocol.Gap

	rec *record // of the event
}

// Subscribe returns a subscription to what req, which must be valid, asks for,
// encoded in enc. After a Take that found nothing, the next event calls notify,
// which must not block.
func (b *Bus) Subscribe(req *protocol.SubscribeRequest, enc protocol.Encoding, notify func()) *Subscription {
	s := &Subscription{
		bus: b, match: newMatcher(req.EventTypes, req.Filter), enc: enc, notify: notify,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.start = protocol.Subscribed{Position: protocol.Position{BootID: b.boot, Seq: b.events.seq}}
	if req.After != nil {
		s.start.Seq = s.after(&s.events, &b.events, *req.After)
	}
	s.served = s.start.Seq
	if s.match.logs {
		s.start.LogSeq = b.logs.seq
		if req.AfterLog != nil {
			s.start.LogSeq = s.after(&s.logs, &b.logs, *req.AfterLog)
		}
		if req.Tail > 0 && s.logs.next == 0 {
			s.start.LogSeq = s.tail(req.Tail)
		}
	}
	b.subs = append(b.subs, s)
	return s
}

// after starts the feed after p and returns the number that precedes its first
// record. If the records after p cannot be replayed, a gap takes their place.
// Bus.mu is held.
func (s *Subscription) after(f *feed, from *stream, p protocol.Position) uint64 {
	switch {
	case p.BootID != s.bus.boot:
		f.queue.gap = protocol.Gap{From: 1, To: from.seq, Reason: protocol.GapRestarted}
	case p.Seq > from.seq:
		f.queue.gap = protocol.Gap{From: from.seq + 1, To: p.Seq, Reason: protocol.GapFuture}
	default:
		f.next = p.Seq + 1
		return p.Seq
	}
	return from.seq
}

// tail starts the subscription before the last n log lines that it wants, and
// returns the number before them. Bus.mu is held.
func (s *Subscription) tail(n uint64) uint64 {
	logs := &s.bus.logs
	s.logs.next = logs.seq + 1
	for seq := logs.seq; seq >= logs.oldest() && n > 0; seq-- {
		if s.match.matches(logs.at(seq)) {
			s.logs.next = seq
			n--
		}
	}
	before := s.logs.next - 1
	if gap := &s.logs.queue.gap; gap.From != 0 {
		gap.To = min(gap.To, before)
	}
	return before
}

// Start returns the place after which the subscription starts.
func (s *Subscription) Start() protocol.Subscribed { return s.start }

// offer pushes a new record to s if s wants it. Bus.mu is held.
func (s *Subscription) offer(r *record) {
	f := &s.events
	if r.spec.Log {
		f = &s.logs
	}
	if f.deferred != 0 {
		if r.seq-f.deferred >= deferredChunk {
			s.mu.Lock()
			s.pushDeferredLocked()
			s.mu.Unlock()
		}
		return
	}
	if !s.match.matches(r) {
		return
	}
	s.mu.Lock()
	if f.next == 0 {
		f.queue.push(r)
		if f.queue.full() {
			f.deferred = r.seq + 1
		}
	}
	wake := s.armed
	s.armed = false
	s.mu.Unlock()
	if wake {
		s.notify()
	}
}

// pushDeferredLocked pushes the records that were deferred while a queue was full.
// Bus.mu and s.mu are held.
func (s *Subscription) pushDeferredLocked() {
	push := func(f *feed, from *stream) {
		if f.deferred == 0 {
			return
		}
		for ; f.deferred <= from.seq; f.deferred++ {
			if r := from.at(f.deferred); s.match.matches(r) {
				f.queue.push(r)
			}
		}
	}
	push(&s.events, &s.bus.events)
	push(&s.logs, &s.bus.logs)
}

// resumeFullQueuesLocked lets publishers push again to queues that are about to
// be drained. Bus.mu and s.mu are held.
func (s *Subscription) resumeFullQueuesLocked() {
	s.pushDeferredLocked()
	s.events.deferred, s.logs.deferred = 0, 0
}

// Take fills dst with the oldest events and gaps that wait, up to roughly the
// given number of bytes, and returns how many it took. If more is false, nothing
// else waits, and the next event calls notify.
func (s *Subscription) Take(dst []Delivery, bytes int) (n int, more bool) {
	n, more = s.take(dst, bytes)
	for i := range dst[:n] {
		if d := &dst[i]; d.rec != nil {
			d.Event = d.rec.encoded(s.enc)
		}
	}
	return n, more
}

func (s *Subscription) take(dst []Delivery, bytes int) (n int, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(dst) && bytes > 0 {
		for s.replaying() || s.events.deferred != 0 || s.logs.deferred != 0 {
			s.mu.Unlock()
			s.bus.mu.Lock()
			s.mu.Lock()
			s.resumeFullQueuesLocked()
			s.refill(&s.events, &s.bus.events)
			s.refill(&s.logs, &s.bus.logs)
			s.bus.mu.Unlock()
		}
		events, logs := &s.events.queue, &s.logs.queue
		switch {
		case events.empty() && logs.empty():
			s.armed = true
			return n, false
		case logs.empty() || !events.empty() && events.oldest() < logs.oldest():
			dst[n] = s.takeFrom(events, &bytes)
			if g := &dst[n].Gap; dst[n].rec == nil && g.Reason != protocol.GapFuture { // its numbers are not published yet
				s.served = g.To
			}
		default:
			dst[n] = s.takeFrom(logs, &bytes)
			g := &dst[n].Gap
			g.LogFrom, g.LogTo, g.From, g.To = g.From, g.To, 0, 0
		}
		n++
	}
	return n, true
}

// replaying reports whether the next event may have to be read from a ring.
func (s *Subscription) replaying() bool {
	return s.events.next != 0 && s.events.queue.empty() || s.logs.next != 0 && s.logs.queue.empty()
}

// refillChunk bounds how many records refill looks at with Bus.mu held.
const refillChunk = 256

// refill reads on in the ring until it finds a record that s wants, but at most
// refillChunk records. Bus.mu and s.mu are held.
func (s *Subscription) refill(f *feed, from *stream) {
	if f.next == 0 || !f.queue.empty() {
		return
	}
	end := from.seq
	if s.closed {
		end = f.end
	}
	if oldest := from.oldest(); f.next < oldest && f.next <= end {
		f.queue.gap = protocol.Gap{From: f.next, To: min(oldest-1, end), Reason: protocol.GapExpired}
		f.next = oldest
		return
	}
	for range refillChunk {
		if f.next > end {
			f.next = 0
			return
		}
		r := from.at(f.next)
		f.next++
		if s.match.matches(r) {
			f.queue.push(r)
			return
		}
	}
}

// takeFrom takes the oldest item of q and subtracts its size from bytes.
func (s *Subscription) takeFrom(q *queue, bytes *int) Delivery {
	if q.gap.From != 0 {
		s.gaps++
		s.bus.gaps.Add(1)
		return Delivery{Gap: q.takeGap()}
	}
	if s.delivered++; s.closed {
		s.bus.afterStop.Add(1)
	}
	item := q.take()
	if q == &s.events.queue {
		s.served = item.rec.seq
	}
	*bytes -= item.size
	return Delivery{rec: item.rec, Coalesced: item.coalesced}
}

// Served returns a number up to which all events that the subscription wants have
// been taken. It never decreases.
func (s *Subscription) Served() uint64 {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events.next == 0 && s.events.queue.empty() {
		s.served = s.bus.events.seq // kept, so that the next result is not smaller
	}
	return s.served
}

// Stop unsubscribes. Events that were published before can still be taken.
func (s *Subscription) Stop() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.resumeFullQueuesLocked()
	s.closed = true
	s.events.end, s.logs.end = s.bus.events.seq, s.bus.logs.seq
	s.bus.removeLocked(s)
}
