package client

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

const (
	// The contract's limit of calls in flight on a connection, where hello
	// does not tell another. A client that keeps within it can always cancel.
	callsInFlight = 128
	// A write buffer that a large message left behind is given up above this.
	keepBuffer = 64 << 10 // bytes
	// How long a connection that cannot be written to is still read.
	refusalTimeout = time.Second
	// How long a daemon that takes no more, since it stops, may answer what
	// it has taken: 5 s for calls, and as long again to be sure.
	drainTimeout = 10 * time.Second
)

// A conn is one connection. One goroutine reads it and delivers every message to
// the call or the subscription that waits for it; writers take turns.
type conn struct {
	stream stream
	enc    protocol.Encoding
	frames *protocol.FrameReader
	done   chan struct{}                // closed after err is set, when nothing more is read
	broke  func(*conn, []*Subscription) // called before that, with its subscriptions
	heard  atomic.Uint64                // reads that returned data
	events atomic.Bool                  // an event was received
	pinned atomic.Bool                  // it has state that another connection would lack
	ended  atomic.Bool                  // the daemon reported that it is stopping
	quiet  time.Duration                // Target.Silence, 0 until the hello has come
	tasks  sync.WaitGroup               // messages without an answer

	turn  chan struct{} // holds a token while buf and the stream's write side are in use
	buf   []byte
	slots chan struct{} // holds a token for each call in flight

	mu    sync.Mutex // guards the fields below
	last  uint64     // the newest id
	calls map[uint64]*pending
	subs  map[uint64]*Subscription
	wire  *protocol.Error // an error of the connection as a whole, the daemon's or cut's
	err   error           // why reading ended

	closing bool // nothing is added to tasks any more
}

// A pending call waits for its answer.
type pending struct {
	reply chan *protocol.Reply // takes one
	slot  bool                 // whether it holds a slot
}

func newConn(s stream, enc protocol.Encoding, broke func(*conn, []*Subscription)) *conn {
	c := &conn{
		stream: s,
		enc:    enc,
		broke:  broke,
		done:   make(chan struct{}),
		turn:   make(chan struct{}, 1),
		slots:  make(chan struct{}, callsInFlight),
		calls:  make(map[uint64]*pending),
		subs:   make(map[uint64]*Subscription),
	}
	c.frames = protocol.NewFrameReader(hearing{c}, enc, nil)
	go c.read()
	return c
}

// hearing reads a connection's stream, and counts the reads.
type hearing struct{ *conn }

func (h hearing) Read(b []byte) (int, error) {
	n, err := h.stream.Read(b)
	if n > 0 {
		h.heard.Add(1)
	}
	return n, err
}

// limit sets the number of calls in flight to the daemon's. Call it before the
// first call.
func (c *conn) limit(limits map[string]int64) {
	if n := limits["calls"]; n > 0 && n < 1<<16 {
		c.slots = make(chan struct{}, n)
	}
}

// close ends the connection and waits for its goroutines.
func (c *conn) close() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	_ = c.stream.Close() // there is nothing left to lose
	<-c.done
	c.tasks.Wait()
}

// cut ends a connection to a peer that does not react, without the time for an
// orderly end that close gives it.
func (c *conn) cut(why *protocol.Error) {
	c.mu.Lock()
	if c.wire == nil {
		c.wire = why
	}
	c.mu.Unlock()
	c.stream.Abort()
}

// read delivers messages until the stream ends.
func (c *conn) read() {
	err := c.stream.Broken(c.readAll())
	c.mu.Lock()
	if c.wire != nil {
		err = c.wire
	}
	c.err = err
	subs := slices.Collect(maps.Values(c.subs))
	clear(c.subs)
	c.mu.Unlock()
	c.broke(c, subs)
	close(c.done)
}

func (c *conn) readAll() error {
	for {
		frame, err := c.frames.Next()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF // nothing ends a connection but its client
		}
		if err != nil {
			return err
		}
		reply, err := protocol.ParseReply(c.enc, frame)
		if err != nil {
			return err
		}
		c.deliver(reply, len(frame))
	}
}

// deliver passes a message to the call or subscription that it is for, and never
// blocks. It drops messages for none, and those of an unknown type.
func (c *conn) deliver(r *protocol.Reply, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.ID == 0 {
		if r.Type == protocol.TypeError && r.Error != nil {
			c.wire = r.Error
		}
		return
	}
	switch r.Type {
	case protocol.TypeEvent, protocol.TypeGap, protocol.TypeHeartbeat, protocol.TypeEnd:
		if r.Type == protocol.TypeEvent && !c.events.Load() {
			c.events.Store(true)
		}
		if r.Type == protocol.TypeEnd && r.Reason == reasonShutdown {
			c.ended.Store(true)
		}
		if s := c.subs[r.ID]; s != nil && !s.put(r, size) {
			delete(c.subs, r.ID)
		}
		return
	case protocol.TypeSubscribed:
		var p protocol.Subscribed
		if s := c.subs[r.ID]; s != nil && r.Payload.Decode(&p) == nil && !s.begin(c, r.ID, p) {
			delete(c.subs, r.ID)
		}
	}
	if p := c.calls[r.ID]; p != nil {
		delete(c.calls, r.ID)
		p.reply <- r
		if p.slot {
			<-c.slots
		}
	}
}

// register gives req an id and registers its answer. The answer to a subscribe is
// followed by messages for sub.
func (c *conn) register(req *protocol.Request, slot bool, sub *Subscription) *pending {
	p := &pending{reply: make(chan *protocol.Reply, 1), slot: slot}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	req.ID = c.last
	c.calls[req.ID] = p
	if sub != nil {
		c.subs[req.ID] = sub
	}
	return p
}

// forget removes a registration whose message could not be sent.
func (c *conn) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.calls[id]
	delete(c.calls, id)
	delete(c.subs, id)
	if p != nil && p.slot {
		<-c.slots
	}
}

// roundTrip sends req and waits for its answer, which may be an error from the
// daemon. sent reports whether the daemon may have received req. If ctx ends
// first, the daemon is asked to cancel a call.
func (c *conn) roundTrip(ctx context.Context, req *protocol.Request) (reply *protocol.Reply, sent bool, err error) {
	return c.exchange(ctx, req, nil)
}

func (c *conn) exchange(ctx context.Context, req *protocol.Request, sub *Subscription) (reply *protocol.Reply, sent bool, err error) {
	isCall := req.Type == protocol.TypeQuery || req.Type == protocol.TypeAction
	if isCall {
		select {
		case c.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, false, contextError(ctx)
		case <-c.done:
			return nil, false, c.err
		}
	}
	p := c.register(req, isCall, sub)
	if sent, err := c.send(ctx, req); err != nil {
		c.forget(req.ID)
		return nil, sent, err
	}
	defer c.watchSilence(c.quiet)()
	select {
	case reply = <-p.reply:
	case <-c.done:
		select {
		case reply = <-p.reply: // it came before the end
		default:
			return nil, true, c.err
		}
	case <-ctx.Done():
		if isCall {
			c.later(&protocol.Request{Type: protocol.TypeCancel, Target: req.ID})
		}
		return nil, true, contextError(ctx)
	}
	if reply.Type == protocol.TypeError {
		if reply.Error == nil {
			return nil, true, protocol.Errorf(protocol.ReadError, "the daemon sent an error without saying which")
		}
		return nil, true, reply.Error
	}
	return reply, true, nil
}

// later sends a message without waiting for an answer, on a goroutine of its own,
// because a daemon that does not read would block it. close ends it.
func (c *conn) later(req *protocol.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	c.last++
	req.ID = c.last
	c.tasks.Go(func() { _, _ = c.send(context.Background(), req) })
}

// send writes one message. Where sent is false, no byte of it was written.
func (c *conn) send(ctx context.Context, req *protocol.Request) (sent bool, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return false, contextError(ctx)
	case <-c.done:
		return false, c.err
	}
	if ctx.Err() != nil {
		return false, contextError(ctx)
	}
	buf, err := req.Append(c.buf[:0], c.enc)
	if err != nil {
		return false, err
	}
	if cap(buf) <= keepBuffer {
		c.buf = buf
	}
	n, err := c.write(ctx, buf)
	switch {
	case err == nil:
		return true, nil
	case n == 0 && errors.Is(err, os.ErrDeadlineExceeded):
		return false, contextError(ctx)
	}
	// The rest of the message would be read as another one, so the connection
	// cannot be used further. A peer that refuses a connection closes it after
	// an error: read that first, and the answers to other calls.
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		patience := refusalTimeout
		if errors.Is(err, syscall.EPIPE) {
			patience = drainTimeout
		}
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-c.done:
		case <-timer.C:
		case <-ctx.Done():
			if errors.Is(err, syscall.EPIPE) { // nor will anything else be written
				return n > 0, contextError(ctx)
			}
		}
	}
	_ = c.stream.Close()
	<-c.done
	if c.refusal() != nil {
		return n > 0, c.refusal()
	}
	return n > 0, protocol.Errorf(protocol.WriteError, "cannot write to the daemon: %w", err).With("reason", ReasonBroken)
}

// write writes buf, and gives up when ctx ends.
func (c *conn) write(ctx context.Context, buf []byte) (int, error) {
	if ctx.Done() == nil {
		return c.stream.Write(buf)
	}
	expired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = c.stream.SetWriteDeadline(time.Unix(1, 0)) // in the past
		close(expired)
	})
	n, err := c.stream.Write(buf)
	if !stop() {
		<-expired
		_ = c.stream.SetWriteDeadline(time.Time{})
	}
	return n, err
}

func (c *conn) refusal() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wire == nil {
		return nil
	}
	return c.wire
}

// broken reports whether the connection has ended.
func (c *conn) broken() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// hello says who calls, and returns who answers.
func (c *conn) hello(ctx context.Context, client string) (hello protocol.HelloReply, err error) {
	req := &protocol.Request{Type: protocol.TypeHello, Hello: &protocol.HelloRequest{
		Client: client, Protocol: []uint64{protocol.Version, protocol.Version},
	}}
	reply, _, err := c.roundTrip(ctx, req)
	if err != nil {
		return hello, err
	}
	if err := reply.Payload.Decode(&hello); err != nil {
		return hello, protocol.Errorf(protocol.ReadError, "the answer to hello does not fit: %w", err)
	}
	return hello, nil
}
