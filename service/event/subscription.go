package event

import (
	"sync"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Subscription is one subscriber's place in the stream.
type Subscription struct {
	bus    *Bus
	match  matcher
	enc    protocol.Encoding
	start  uint64
	notify func()

	mu     sync.Mutex
	events feed
	logs   feed
	armed  bool   // Take has found nothing: the next event calls notify
	closed bool   // stopped: the bus has forgotten it, and counted its events; what comes now is late
	served uint64 // the newest Seq taken

	delivered, gaps uint64 // so far
}

// A feed is a subscription's place in one of the two streams. It reads from
// the ring until it has caught up, so that a replay goes at the reader's own
// pace; from then on records are pushed into its queue: each at once, and, once
// the queue is full, many at a time, so that a reader who has stopped reading
// costs a publisher next to nothing.
type feed struct {
	next  uint64 // the record to read from the ring; 0: caught up
	last  uint64 // the one to read last, of a subscription that is stopped
	late  uint64 // the first record not pushed, since the queue was full; 0: none. Bus.mu guards it too
	queue queue
}

// lateChunk is how many records are pushed at a time to a full queue. It is a
// small part of a ring.
const lateChunk = 256

// A Delivery is what a subscriber gets: an event or a gap.
type Delivery struct {
	Event     []byte // as protocol.EncodeEvent encoded it; nil for a gap
	Coalesced uint64 // the event stands for so many; 1 for itself alone
	Gap       protocol.Gap

	rec *record // of the event
}

// Subscribe returns a subscription to what req asks for, encoded in enc. It
// calls notify, which must not block, when there is something to take after
// Take has found nothing. req has been validated.
func (b *Bus) Subscribe(req *protocol.SubscribeRequest, enc protocol.Encoding, notify func()) *Subscription {
	s := &Subscription{
		bus: b, match: newMatcher(req.EventTypes, req.Filter), enc: enc, notify: notify,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.start = b.events.seq
	if req.After != nil {
		s.after(*req.After)
	}
	if req.Tail > 0 && s.match.types&logTypes != 0 {
		s.tail(req.Tail)
	}
	s.served = s.start
	b.subs = append(b.subs, s)
	return s
}

// after sets the subscription's place behind p, or puts a gap in the place of
// what cannot be replayed. Bus.mu is held.
func (s *Subscription) after(p protocol.Position) {
	newest := s.bus.events.seq
	switch {
	case p.BootID != s.bus.boot:
		s.events.queue.gap = protocol.Gap{From: 1, To: newest, Reason: protocol.GapRestarted}
	case p.Seq > newest:
		s.events.queue.gap = protocol.Gap{From: newest + 1, To: p.Seq, Reason: protocol.GapFuture}
	default:
		s.start = p.Seq
		s.events.next = p.Seq + 1
	}
}

// tail sets the subscription's place before the last n log lines that it
// wants. Bus.mu is held.
func (s *Subscription) tail(n uint64) {
	logs := &s.bus.logs
	s.logs.next = logs.seq + 1
	for seq := logs.seq; seq >= logs.oldest() && n > 0; seq-- {
		if s.match.matches(logs.at(seq)) {
			s.logs.next = seq
			n--
		}
	}
}

// Start returns the number before the first event that the subscription gets.
func (s *Subscription) Start() uint64 { return s.start }

// offer pushes a new record to s where s wants it. Bus.mu is held.
func (s *Subscription) offer(r *record) {
	f := &s.events
	if r.ev.Type == protocol.LogMessage {
		f = &s.logs
	}
	if f.late != 0 {
		if r.seq-f.late >= lateChunk {
			s.mu.Lock()
			s.pushLate()
			s.mu.Unlock()
		}
		return
	}
	if !s.match.matches(r) {
		return
	}
	s.mu.Lock()
	if f.next == 0 {
		f.queue.push(r, r.size)
		if f.queue.full() {
			f.late = r.seq + 1
		}
	}
	wake := s.armed
	s.armed = false
	s.mu.Unlock()
	if wake {
		s.notify()
	}
}

// pushLate pushes what full queues were spared. Bus.mu and s.mu are held.
func (s *Subscription) pushLate() {
	push := func(f *feed, from *stream) {
		if f.late == 0 {
			return
		}
		for ; f.late <= from.seq; f.late++ {
			if r := from.at(f.late); s.match.matches(r) {
				f.queue.push(r, r.size)
			}
		}
	}
	push(&s.events, &s.bus.events)
	push(&s.logs, &s.bus.logs)
}

// punctual ends the sparing of queues that are about to have room. Bus.mu and
// s.mu are held.
func (s *Subscription) punctual() {
	s.pushLate()
	s.events.late, s.logs.late = 0, 0
}

// Take fills some with what waits, oldest first, up to about so many bytes of
// events. It returns how many it has put there, and whether more may wait:
// where none does, the next event calls notify.
func (s *Subscription) Take(some []Delivery, bytes int) (n int, more bool) {
	n, more = s.take(some, bytes)
	for i := range some[:n] {
		if d := &some[i]; d.rec != nil {
			d.Event = d.rec.encoded(s.enc)
		}
	}
	return n, more
}

func (s *Subscription) take(some []Delivery, bytes int) (n int, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(some) && bytes > 0 {
		for s.replaying() || s.events.late != 0 || s.logs.late != 0 {
			s.mu.Unlock()
			s.bus.mu.Lock()
			s.mu.Lock()
			s.punctual()
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
			some[n] = s.takeFrom(events, &bytes)
			if g := &some[n].Gap; some[n].rec == nil && g.Reason != protocol.GapFuture { // whose numbers are still to come
				s.served = g.To
			}
		default:
			some[n] = s.takeFrom(logs, &bytes)
			g := &some[n].Gap
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

// refillChunk bounds how many records of a ring are looked at with Bus.mu held.
const refillChunk = 256

// refill reads on in the ring, to the first record that fits and at most
// refillChunk far. Bus.mu and s.mu are held.
func (s *Subscription) refill(f *feed, from *stream) {
	if f.next == 0 || !f.queue.empty() {
		return
	}
	last := from.seq
	if s.closed {
		last = f.last
	}
	if oldest := from.oldest(); f.next < oldest && f.next <= last {
		f.queue.gap = protocol.Gap{From: f.next, To: min(oldest-1, last), Reason: protocol.GapExpired}
		f.next = oldest
		return
	}
	for range refillChunk {
		if f.next > last {
			f.next = 0
			return
		}
		r := from.at(f.next)
		f.next++
		if s.match.matches(r) {
			f.queue.push(r, r.size)
			return
		}
	}
}

// takeFrom takes the oldest of q, and its size from bytes.
func (s *Subscription) takeFrom(q *queue, bytes *int) Delivery {
	if q.gap.From != 0 {
		s.gaps++
		s.bus.gaps.Add(1)
		return Delivery{Gap: q.takeGap()}
	}
	if s.delivered++; s.closed {
		s.bus.late.Add(1)
	}
	item := q.take()
	if q == &s.events.queue {
		s.served = item.rec.seq
	}
	*bytes -= item.size
	return Delivery{rec: item.rec, Coalesced: item.stands}
}

// Served returns a number up to which every event that the subscription wants
// has been taken.
func (s *Subscription) Served() uint64 {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events.next == 0 && s.events.queue.empty() {
		s.served = s.bus.events.seq // and what it says later is not less
	}
	return s.served
}

// Stop ends the flow of new events; those that already wait can still be
// taken.
func (s *Subscription) Stop() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.punctual()
	s.closed = true
	s.events.last, s.logs.last = s.bus.events.seq, s.bus.logs.seq
	s.bus.remove(s)
}
