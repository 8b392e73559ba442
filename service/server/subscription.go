package server

import (
	"slices"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// A subscription is one of a connection's. out.mu guards the fields below id.
type subscription struct {
	events *event.Subscription
	id     uint64

	ready    bool   // there may be something to send
	ending   string // set: the reason in its last message
	period   time.Duration
	beat     *time.Timer // nil: no heartbeats
	beatDue  bool
	sentOnce bool // something was sent since the last heartbeat was due
}

func (c *conn) subscribe(req *protocol.Request) {
	if err := req.Subscribe.Validate(); err != nil {
		c.fail(req.ID, protocol.AsError(err))
		return
	}
	if n := c.out.subscriptions(); n >= c.srv.Limits().Subscriptions {
		c.fail(req.ID, protocol.Errorf(protocol.Busy, "the connection has %d subscriptions, and no more are allowed", n).
			WithHint("unsubscribe one, or open another connection"))
		return
	}
	if !c.inst.Opened() {
		c.calls.Go(func() { _ = c.inst.Ready(c.ctx) })
	}
	s := &subscription{id: req.ID, period: milliseconds(req.Subscribe.HeartbeatMS)}
	s.events = c.inst.Bus().Subscribe(req.Subscribe, c.encoding(), func() { c.out.wake(s) })
	c.ok(req.ID, protocol.TypeSubscribed, protocol.Position{BootID: c.inst.Bus().BootID(), Seq: s.events.Start()})
	c.out.add(s)
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

// subscribed reports whether a subscription has the id: until its end is on
// its way, even one that is ending.
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

// add puts s among the connection's subscriptions. What answers it is already
// queued, and so comes before its events.
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

// end has s deliver what waits, and then its last message.
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

// gather takes events from the subscriptions that have some, up to about
// writeChunk bytes. o.mu is held, and released meanwhile.
func (o *out) gather() []byte {
	var some []*subscription
	for _, s := range o.subs {
		if s.ready {
			some = append(some, s)
			s.ready = false
		}
	}
	var batch []byte
	for _, s := range some {
		beat, ending := s.beatDue, s.ending
		s.beatDue = false
		o.mu.Unlock()
		before := len(batch)
		batch = o.takeEvents(s, batch)
		full := len(batch) >= writeChunk
		if len(batch) == before && beat && ending == "" {
			batch, _ = protocol.AppendHeartbeat(batch, o.c.encoding(), s.id, s.events.Served())
		}
		if !full && ending != "" {
			batch, _ = protocol.AppendEnd(batch, o.c.encoding(), s.id, ending)
		}
		o.mu.Lock()
		s.sentOnce = s.sentOnce || len(batch) > before
		switch {
		case full:
			s.ready = true
		case ending != "":
			o.forget(s)
		}
	}
	if n := len(o.subs); n > 1 { // the next batch begins with another's
		first := o.subs[0]
		copy(o.subs, o.subs[1:])
		o.subs[n-1] = first
	}
	return batch
}

// forget takes s out of the connection's subscriptions. o.mu is held.
func (o *out) forget(s *subscription) {
	for i, other := range o.subs {
		if other == s {
			o.subs = append(o.subs[:i], o.subs[i+1:]...)
			return
		}
	}
}

// takeEvents appends s's next messages to batch, until it is full or s has no
// more.
func (o *out) takeEvents(s *subscription, batch []byte) []byte {
	enc := o.c.encoding()
	for len(batch) < writeChunk {
		d, ok := s.events.TryNext()
		if !ok {
			break
		}
		var err error
		switch {
		case d.Event == nil:
			batch, err = protocol.AppendGap(batch, enc, s.id, d.Gap)
		case d.Coalesced > 1:
			batch, err = protocol.AppendEvent(batch, enc, s.id, protocol.WithCoalesced(enc, d.Event, d.Coalesced))
		default:
			batch, err = protocol.AppendEvent(batch, enc, s.id, d.Event)
		}
		if err != nil {
			o.c.srv.EventLog.Error().Err(err).Str("instance", o.c.inst.Name()).Msg("an event cannot be sent")
		}
	}
	return batch
}
