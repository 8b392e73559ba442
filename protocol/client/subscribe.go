package client

import (
	"context"
	"io"
	"sync"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// How much a subscription holds for a reader that is behind. The daemon's ring
// of past events (8,192) fits, so a replay is not cut by a reader that starts
// slowly.
const (
	maxQueued      = 16 << 10 // messages
	maxQueuedBytes = 16 << 20 // as received
)

// A Subscription is a stream of events over a client's connection.
//
// It shares the connection with the client's calls, whose answers must not
// wait for it. So what a reader does not take is kept, up to 16,384 messages
// or 16 MiB; beyond that the oldest go, and a gap stands in their place, as it
// does when the daemon's own queue overflows. Memory stays bounded, and a
// reader that sees a gap reads the state anew. A client that must not miss an
// event subscribes on a connection of its own and reads without delay.
type Subscription struct {
	conn     *conn
	id       uint64
	position protocol.Position
	wake     chan struct{} // holds a token when there may be something to take

	mu     sync.Mutex // guards the fields below; may be taken under conn.mu
	queue  []queued
	bytes  int
	gap    protocol.Gap // of events that overflow dropped, before the queue's first
	logGap protocol.Gap // of log lines
	ended  bool
	reason string // of the end
	err    error  // io.EOF after an end, or why the connection broke
}

type queued struct {
	reply *protocol.Reply
	size  int
}

// A Message is one thing that a subscription delivers: an event, a gap, or a
// heartbeat, which says that every event up to Seq has been delivered.
type Message struct {
	Event     *protocol.Event
	Gap       *protocol.Gap
	Heartbeat bool
	Seq       uint64 // of a heartbeat
}

// Subscribe asks for events. It returns when the daemon has agreed; ctx is not
// used afterwards. The subscription ends with Close, with the client, or with
// its connection: it is not made anew on another one, since what happened in
// between would be missing.
func (c *Client) Subscribe(ctx context.Context, req protocol.SubscribeRequest) (*Subscription, error) {
	conn := c.current()
	s, err := conn.subscribe(ctx, req)
	if err != nil && conn.broken() && lost(err) && c.mayReconnect() && ctx.Err() == nil {
		if conn, err = c.next(ctx, conn); err != nil {
			return nil, err
		}
		return conn.subscribe(ctx, req)
	}
	return s, err
}

func (c *conn) subscribe(ctx context.Context, req protocol.SubscribeRequest) (*Subscription, error) {
	s := &Subscription{conn: c, wake: make(chan struct{}, 1)}
	msg := &protocol.Request{Type: protocol.TypeSubscribe, Subscribe: &req}
	reply, sent, err := c.exchange(ctx, msg, s)
	s.id = msg.ID
	if err != nil {
		if sent && ctx.Err() != nil {
			_ = s.Close()
		}
		c.drop(s.id)
		return nil, err
	}
	if err := reply.Payload.Decode(&s.position); err != nil {
		_ = s.Close()
		return nil, protocol.Errorf(protocol.ReadError, "the answer to subscribe does not fit: %w", err)
	}
	return s, nil
}

func (c *conn) drop(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.subs, id)
}

// Position returns the place in the stream of events after which the
// subscription begins.
func (s *Subscription) Position() protocol.Position { return s.position }

// Reason returns why the daemon ended the subscription, once Next has returned
// io.EOF.
func (s *Subscription) Reason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// Next returns the next message, waiting for one as long as ctx lasts. It
// returns io.EOF after the subscription's end, and a read_error when the
// connection broke.
func (s *Subscription) Next(ctx context.Context) (Message, error) {
	for {
		if m, ok, err := s.take(); ok || err != nil {
			return m, err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return Message{}, contextError(ctx)
		}
	}
}

// Stop asks the daemon to end the subscription. What the daemon had for it by
// then is still delivered; then Next returns io.EOF.
func (s *Subscription) Stop() {
	s.conn.later(&protocol.Request{Type: protocol.TypeUnsubscribe, Target: s.id})
}

// Close ends the subscription. What it has not delivered is dropped.
func (s *Subscription) Close() error {
	s.conn.drop(s.id)
	s.mu.Lock()
	ended := s.ended
	s.end("closed", io.EOF)
	s.queue, s.bytes, s.gap, s.logGap = nil, 0, protocol.Gap{}, protocol.Gap{}
	s.mu.Unlock()
	if !ended {
		s.conn.later(&protocol.Request{Type: protocol.TypeUnsubscribe, Target: s.id})
	}
	return nil
}

func (s *Subscription) take() (m Message, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, gap := range []*protocol.Gap{&s.gap, &s.logGap} {
		if *gap != (protocol.Gap{}) {
			lost := *gap
			*gap = protocol.Gap{}
			return Message{Gap: &lost}, true, nil
		}
	}
	if len(s.queue) == 0 {
		if s.ended {
			s.notify() // for another that waits
			return Message{}, false, s.err
		}
		return Message{}, false, nil
	}
	r := s.pop()
	switch r.Type {
	case protocol.TypeEvent:
		return Message{Event: r.Event}, true, nil
	case protocol.TypeGap:
		return Message{Gap: r.Gap}, true, nil
	}
	return Message{Heartbeat: true, Seq: r.Seq}, true, nil
}

func (s *Subscription) pop() *protocol.Reply {
	q := s.queue[0]
	s.queue[0] = queued{}
	s.queue = s.queue[1:]
	s.bytes -= q.size
	return q.reply
}

// put takes in one message. It never blocks.
func (s *Subscription) put(r *protocol.Reply, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return
	case r.Type == protocol.TypeEnd:
		s.end(r.Reason, io.EOF)
		return
	case r.Type == protocol.TypeEvent && r.Event == nil, r.Type == protocol.TypeGap && r.Gap == nil:
		return
	}
	last := len(s.queue) - 1
	if r.Type == protocol.TypeHeartbeat && last >= 0 && s.queue[last].reply.Type == r.Type {
		s.queue[last].reply = r // it says all that the one before did
		return
	}
	s.queue = append(s.queue, queued{r, size})
	s.bytes += size
	for len(s.queue) > 1 && (len(s.queue) > maxQueued || s.bytes > maxQueuedBytes) {
		s.lose(s.pop())
	}
	s.notify()
}

// lose adds a message that overflow dropped to the gaps.
func (s *Subscription) lose(r *protocol.Reply) {
	widen := func(from, to *uint64, low, high uint64) {
		if high == 0 {
			return
		}
		if *from == 0 || low < *from {
			*from = low
		}
		*to = max(*to, high)
	}
	if e := r.Event; e != nil {
		widen(&s.gap.From, &s.gap.To, e.Seq, e.Seq)
		widen(&s.logGap.LogFrom, &s.logGap.LogTo, e.LogSeq, e.LogSeq)
	}
	if g := r.Gap; g != nil {
		widen(&s.gap.From, &s.gap.To, g.From, g.To)
		widen(&s.logGap.LogFrom, &s.logGap.LogTo, g.LogFrom, g.LogTo)
	}
	if s.gap.To > 0 {
		s.gap.Reason = protocol.GapOverflow
	}
	if s.logGap.LogTo > 0 {
		s.logGap.Reason = protocol.GapOverflow
	}
}

// fail ends the subscription with the connection.
func (s *Subscription) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.end("", err)
	}
}

// end is called under mu.
func (s *Subscription) end(reason string, err error) {
	s.ended, s.reason, s.err = true, reason, err
	s.notify()
}

func (s *Subscription) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
