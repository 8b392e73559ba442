package client

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Subscription is a stream of events over a client's connection.
//
// It shares the connection with the client's calls, whose answers must not wait
// for it. Therefore it queues what its reader does not take, up to 16,384 messages
// or 16 MiB. Beyond that it drops the oldest and puts a gap in their place, as the
// daemon does. After a gap the reader has to read the state again. A client that
// must not miss an event subscribes on a connection of its own.
//
// When the connection breaks, the subscription resumes on the next one, after the
// last event and log line received. In the same start of the daemon every event
// arrives once and in order, or a gap names it. After a restart a gap with the
// reason restarted comes first, then the log lines of the new start. (Progress that
// was on its way when the connection broke may arrive again without its count of
// coalesced updates.)
//
// Next returns Lost when the connection broke, and Resumed when there is another.
// Target sets when a subscription gives up. It does so at once after a permanent
// error, after Close, for a private process, and for a client that has set its
// current library. Resuming after a daemon was stopped starts it again if the
// service manager holds its socket; Target.BeforeRedial can prevent that.
type Subscription struct {
	client *Client
	req    protocol.SubscribeRequest // as the caller wants it
	raw    bool                      // ends with its connection
	period time.Duration             // of heartbeats
	wake   chan struct{}             // holds a token when there may be something to take

	mu      sync.Mutex        // guards the fields below; may be taken under conn.mu
	conn    *conn             // nil while it is being resumed
	id      uint64            // on conn
	unwatch func()            // stops watching conn for silence
	begun   int               // how often
	start   protocol.Position // of the first
	boot    protocol.ID       // of the connection
	at      protocol.Position // every event up to it has been received
	atLog   protocol.Position // every log line up to it has been received
	stopped bool              // the daemon has ended it in order to stop
	leaving bool              // Stop was called

	queue  []queued
	bytes  int
	gap    protocol.Gap // of events that overflow dropped, before the queue's first
	logGap protocol.Gap // of log lines
	ended  bool
	reason string // of the end
	err    error  // io.EOF after an end, or why there is no connection
}

// A Message is one thing that a subscription delivers. One field is set, Seq
// beside Heartbeat.
type Message struct {
	Event     *protocol.Event
	Gap       *protocol.Gap
	Heartbeat bool     // every event up to Seq has been delivered
	Seq       uint64   // of a heartbeat
	Lost      *Lost    // the connection broke
	Resumed   *Resumed // the following messages come over a new connection
}

// Lost says why a connection broke.
type Lost struct {
	Err     error
	Stopped bool // the daemon has said that it stops
}

// Resumed says what a resumed subscription is on.
type Resumed struct {
	Restarted bool // the daemon was restarted, and its numbers begin at 1 again
}

// A SubscribeOption says more about one subscription.
type SubscribeOption func(*Subscription)

// WithoutResume has the subscription end with its connection. Next then returns
// a read_error, or io.EOF where the daemon ended it in order.
func WithoutResume() SubscribeOption { return func(s *Subscription) { s.raw = true } }

// ownHeartbeat is the period of heartbeats if the caller asks for none. They reveal
// a dead peer, and move the place to resume after if a filter matches little.
const ownHeartbeat = 15 * time.Second

// Subscribe asks for events. It returns when the daemon has agreed; ctx is not
// used afterwards.
func (c *Client) Subscribe(ctx context.Context, req protocol.SubscribeRequest, options ...SubscribeOption) (*Subscription, error) {
	s := c.newSubscription(req, options...)
	conn := c.current()
	s.raw = s.raw || !c.mayReconnect(conn)
	err := s.first(ctx, conn)
	for try := 1; err != nil && try < c.target.tries && conn.broken() && lost(err) && c.mayCallAgain(conn) && ctx.Err() == nil; try++ {
		if conn, err = c.next(ctx, conn); err != nil {
			return nil, err
		}
		err = s.first(ctx, conn)
	}
	if err != nil {
		_ = s.Close() // it may have begun nevertheless
		return nil, err
	}
	return s, nil
}

func (c *Client) newSubscription(req protocol.SubscribeRequest, options ...SubscribeOption) *Subscription {
	s := &Subscription{client: c, req: req, wake: make(chan struct{}, 1), unwatch: func() {}}
	for _, option := range options {
		option(s)
	}
	return s
}

// first subscribes for the first time.
func (s *Subscription) first(ctx context.Context, c *conn) error {
	req := s.req
	s.period = time.Duration(req.HeartbeatMS) * time.Millisecond
	if !s.raw && s.period == 0 {
		s.period = ownHeartbeat
		req.HeartbeatMS = uint64(ownHeartbeat.Milliseconds())
	}
	return s.attach(ctx, c, req)
}

// attach subscribes on c. If it succeeds, begin was called.
func (s *Subscription) attach(ctx context.Context, c *conn, req protocol.SubscribeRequest) error {
	msg := &protocol.Request{Type: protocol.TypeSubscribe, Subscribe: &req}
	reply, sent, err := c.exchange(ctx, msg, s)
	if err == nil {
		var p protocol.Subscribed
		if err = reply.Payload.Decode(&p); err == nil && reply.Type != protocol.TypeSubscribed {
			err = errors.New("it is not of type subscribed")
		}
		if err == nil {
			if s.isOver() { // closed meanwhile
				c.later(&protocol.Request{Type: protocol.TypeUnsubscribe, Target: msg.ID})
			}
			return nil
		}
		err = protocol.Errorf(protocol.ReadError, "the answer to subscribe, of type %q, does not fit: %v", reply.Type, err)
	}
	c.drop(msg.ID)
	if sent && !c.broken() && (ctx.Err() != nil || protocol.HasCode(err, protocol.ReadError)) {
		c.later(&protocol.Request{Type: protocol.TypeUnsubscribe, Target: msg.ID})
	}
	return err
}

// begin starts the subscription when the daemon has answered it, before the first
// event. It returns false if the subscription has ended meanwhile.
func (s *Subscription) begin(c *conn, id uint64, p protocol.Subscribed) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.conn, s.id, s.stopped = c, id, false
	if s.unwatch(); s.period > 0 {
		s.unwatch = sync.OnceFunc(c.watchSilence(max(missedHeartbeats*s.period, leastSilence)))
	}
	restarted := p.BootID != s.boot
	s.boot = p.BootID
	if s.atLog.BootID != p.BootID || s.atLog.Seq < p.LogSeq {
		s.atLog = protocol.Position{BootID: p.BootID, Seq: p.LogSeq}
	}
	if s.begun++; s.begun > 1 {
		s.push(Message{Resumed: &Resumed{Restarted: restarted}}, 0)
		return true
	}
	s.start, s.at = p.Position, p.Position
	if s.req.After != nil {
		s.at = *s.req.After // which the daemon may answer with a gap
	}
	return true
}

func (c *conn) drop(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.subs, id)
}

// Position returns the place in the stream of events after which the
// subscription began.
func (s *Subscription) Position() protocol.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start
}

// Reason returns why the daemon ended the subscription, once Next has returned
// io.EOF.
func (s *Subscription) Reason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// Next returns the next message, waiting for one as long as ctx lasts. It
// returns io.EOF after the subscription's end, and another error where it could
// not be resumed.
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
	s.mu.Lock()
	s.leaving = true
	c, id := s.conn, s.id
	if c == nil && !s.ended {
		s.end("unsubscribed", io.EOF)
	}
	s.mu.Unlock()
	if c != nil {
		c.later(&protocol.Request{Type: protocol.TypeUnsubscribe, Target: id})
	}
}

// Close ends the subscription. What it has not delivered is dropped.
func (s *Subscription) Close() error {
	s.mu.Lock()
	ended, c, id := s.ended, s.conn, s.id
	s.end("closed", io.EOF)
	s.queue, s.bytes, s.gap, s.logGap = nil, 0, protocol.Gap{}, protocol.Gap{}
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	c.drop(id)
	if !ended {
		c.later(&protocol.Request{Type: protocol.TypeUnsubscribe, Target: id})
	}
	return nil
}

// end is called under mu.
func (s *Subscription) end(reason string, err error) {
	s.ended, s.reason, s.err = true, reason, err
	s.unwatch()
	s.notify()
}

// finish ends the subscription where it has not ended yet.
func (s *Subscription) finish(reason string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.end(reason, err)
	}
}

func (s *Subscription) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
