package server

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// A subscription is a subscription of a connection. out.mu guards the fields
// below frame.
type subscription struct {
	events *event.Subscription
	id     uint64
	enc    protocol.Encoding
	frame  protocol.EventFrame

	ready    bool   // there may be something to send
	ending   string // if set, the reason in its end message
	period   time.Duration
	beat     *time.Timer // nil if no heartbeats were asked for
	beatDue  bool
	sentOnce bool // something was sent since the last heartbeat was due
}

func (c *conn) subscribe(req *protocol.Request) {
	if err := req.Subscribe.Validate(); err != nil {
		c.fail(req.ID, protocol.AsError(err))
		return
	}
	if n := c.out.subscriptions(); n >= c.srv.Limits().Subscriptions {
		c.fail(req.ID, protocol.Errorf(protocol.Busy, "the limit of %d subscriptions on a connection is reached", n).
			WithHint("unsubscribe one, or open another connection"))
		return
	}
	if !c.inst.Opened() {
		c.calls.Go(func() { _ = c.inst.Ready(c.ctx) })
	}
	s := c.newSubscription(req)
	if ev := c.log.Debug(); ev.Enabled() {
		ev.Str("peer_program", c.peerProgram()).Uint64("request_id", req.ID).Str("event_types", fmt.Sprint(req.Subscribe.EventTypes)).Msg("subscribed")
	}
	c.ok(req.ID, protocol.TypeSubscribed, s.events.Start())
	c.out.add(s)
}

func (c *conn) newSubscription(req *protocol.Request) *subscription {
	s := &subscription{
		id: req.ID, enc: c.encoding(), frame: protocol.NewEventFrame(c.encoding(), req.ID),
		period: milliseconds(req.Subscribe.HeartbeatMS),
	}
	s.events = c.inst.Bus().Subscribe(req.Subscribe, s.enc, func() { c.out.wake(s) })
	return s
}

func (c *conn) unsubscribe(req *protocol.Request) {
	s := c.out.find(req.Target)
	if s == nil {
		c.fail(req.ID, protocol.Errorf(protocol.NotFound, "no subscription %d", req.Target).With("target", req.Target))
		return
	}
	c.plain(req.ID, protocol.TypeUnsubscribed)
	c.out.end(s, "unsubscribed")
}

func (o *out) subscriptions() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.subs)
}

// subscribed reports whether a subscription has the id. One that is ending keeps
// it until its end message is written.
func (o *out) subscribed(id uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.subs, func(s *subscription) bool { return s.id == id })
}

func (o *out) find(id uint64) *subscription {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.subs {
		if s.id == id && s.ending == "" {
			return s
		}
	}
	return nil
}

// add adds s to the connection's subscriptions. The answer to subscribe is
// already queued, so it precedes the events.
func (o *out) add(s *subscription) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.subs = append(o.subs, s)
	s.ready = true
	if s.period > 0 {
		s.beat = time.AfterFunc(s.period, func() { o.heartbeat(s) })
	}
}

// wake is called by the bus when s has something to take.
func (o *out) wake(s *subscription) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.ready = true
	o.kick()
}

func (o *out) heartbeat(s *subscription) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed || s.ending != "" {
		return
	}
	s.beatDue = !s.sentOnce
	s.sentOnce = false
	s.beat.Reset(s.period)
	if s.beatDue {
		s.ready = true
		o.kick()
	}
}

// end makes s deliver its queued events and then its end message.
func (o *out) end(s *subscription, reason string) {
	s.events.Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.ending == "" {
		s.ending = reason
	}
	if s.beat != nil {
		s.beat.Stop()
	}
	s.ready = true
	o.kick()
}

func (o *out) endAll(reason string) {
	o.mu.Lock()
	all := append([]*subscription(nil), o.subs...)
	o.mu.Unlock()
	for _, s := range all {
		o.end(s, reason)
	}
}

// ready reports whether a subscription may have something to send. o.mu is
// held.
func (o *out) ready() bool {
	for _, s := range o.subs {
		if s.ready {
			return true
		}
	}
	return false
}

// next returns a subscription that may have something to send, in round-robin
// order, or nil. o.mu is held.
func (o *out) next() *subscription {
	for range o.subs {
		s := o.subs[o.turn%len(o.subs)]
		o.turn = (o.turn + 1) % len(o.subs)
		if s.ready {
			s.ready = false
			return s
		}
	}
	return nil
}

// An eventBatch is a batch of encoded events.
type eventBatch struct {
	buf  []byte
	some [64]event.Delivery
}

var eventBatches = sync.Pool{New: func() any { return new(eventBatch) }}

func (b *eventBatch) recycle() {
	if cap(b.buf) <= keepBuffer {
		clear(b.some[:])
		eventBatches.Put(b)
	}
}

// gather takes up to about gatherChunk bytes of events from the subscriptions.
// It stops when an answer is queued, which may be the answer to a subscribe and
// must precede its events. o.mu is held, and released meanwhile.
func (o *out) gather(b *eventBatch) {
	b.buf = b.buf[:0]
	for len(b.buf) < gatherChunk && len(o.queued.buf) == 0 {
		s := o.next()
		if s == nil {
			return
		}
		beat, ending := s.beatDue, s.ending
		s.beatDue = false
		o.mu.Unlock()
		before := len(b.buf)
		more := b.take(s)
		sent := len(b.buf) > before
		if !sent && beat && ending == "" {
			b.buf, _ = protocol.AppendHeartbeat(b.buf, o.c.encoding(), s.id, s.events.Served())
		}
		if !more && ending != "" {
			b.buf, _ = protocol.AppendEnd(b.buf, o.c.encoding(), s.id, ending)
		}
		o.mu.Lock()
		s.sentOnce = s.sentOnce || sent
		switch {
		case more:
			s.ready = true
		case ending != "":
			o.forget(s)
		}
	}
}

// take appends s's next messages until the batch is full. It reports whether s
// may have more.
func (b *eventBatch) take(s *subscription) (more bool) {
	for more = true; more && len(b.buf) < gatherChunk; {
		var n int
		n, more = s.events.Take(b.some[:], gatherChunk-len(b.buf))
		for _, d := range b.some[:n] {
			switch {
			case d.Event == nil:
				b.buf, _ = protocol.AppendGap(b.buf, s.enc, s.id, d.Gap)
			case d.Coalesced > 1:
				b.buf = s.frame.Append(b.buf, protocol.WithCoalesced(s.enc, d.Event, d.Coalesced))
			default:
				b.buf = s.frame.Append(b.buf, d.Event)
			}
		}
	}
	return more
}

// forget removes s from the connection's subscriptions. o.mu is held.
func (o *out) forget(s *subscription) {
	if i := slices.Index(o.subs, s); i >= 0 {
		o.subs = slices.Delete(o.subs, i, i+1)
	}
}
