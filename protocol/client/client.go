// Package client connects to the daemon, calls the operations that protocol/api
// declares, and subscribes to events.
//
//	c, err := client.Dial(ctx, client.Socket(path))
//	if err != nil { … }
//	defer c.Close()
//	status, err := client.Call(ctx, c, api.CoreStatus, api.Empty{})
//
// Every error is or wraps a *protocol.Error. The client itself returns those of
// code connection_failed, read_error and write_error, before any answer; Reason
// distinguishes them.
package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Client is a connection to a daemon, which is replaced when it breaks. Any
// number of goroutines may use it.
//
// If the connection breaks before any byte of a call is written, the call is made
// on a new one, up to the fourth. If it breaks before the answer, a query is
// repeated once; an action is not, because it may have run, and its error says so.
// Subscriptions resume. There is no new connection to a private process (Child),
// nor after libraries.session.set_current, which is a state of the connection.
type Client struct {
	target   Target
	dialing  chan struct{}   // holds a token while a new connection is made
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	resuming sync.WaitGroup // subscriptions of a broken connection

	mu     sync.Mutex
	conn   *conn // the newest
	hello  protocol.HelloReply
	flaps  int // connections in a row that broke before they brought an event
	closed bool
}

// Dial connects to the target and says hello. It returns within the target's
// HelloTimeout, or when ctx ends.
func Dial(ctx context.Context, target Target) (*Client, error) {
	c := &Client{target: target.withDefaults(), dialing: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if err := c.connect(ctx); err != nil {
		c.cancel()
		return nil, err
	}
	return c, nil
}

// Hello returns the daemon's hello on the newest connection.
func (c *Client) Hello() protocol.HelloReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hello
}

// Close ends the connection and waits for the goroutines that served it. Calls in
// flight fail, and subscriptions end. If the target is a process, Close closes its
// input and waits a few seconds for it to exit.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	conn := c.conn
	c.mu.Unlock()
	c.cancel()
	conn.close()
	c.resuming.Wait()
	return nil
}

// Ping returns nil if the daemon answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.plain(ctx, protocol.TypePing)
	return err
}

// Shutdown asks the daemon to exit. It returns when the daemon has answered; the
// channel from Done is closed when the connection has ended.
func (c *Client) Shutdown(ctx context.Context) error {
	_, err := c.plain(ctx, protocol.TypeShutdown)
	return err
}

// Done returns a channel that is closed when the newest connection has ended.
func (c *Client) Done() <-chan struct{} { return c.current().done }

func (c *Client) plain(ctx context.Context, typ string) (*protocol.Reply, error) {
	reply, _, err := c.current().roundTrip(ctx, &protocol.Request{Type: typ})
	return reply, err
}

func (c *Client) current() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// connect makes a connection.
func (c *Client) connect(ctx context.Context) error {
	target := c.target
	if c.current() != nil {
		target = target.unattended()
	}
	deadline, cancel := context.WithTimeout(ctx, target.HelloTimeout)
	defer cancel()
	for try := 1; ; try++ {
		err := c.open(ctx, deadline, target)
		if err == nil || target.Socket == "" || !ending(err) || try >= target.tries {
			return err
		}
		if sleep(deadline, pauseBefore(try, false)) != nil {
			return err
		}
	}
}

// ending reports whether dialing failed because the daemon was exiting: the next
// one may answer.
func ending(err error) bool {
	return Reason(err) == ReasonEnded ||
		protocol.HasCode(err, protocol.CoreUnavailable) && protocol.AsError(err).Details["reason"] == "stopping"
}

// open tries to make a connection. ctx is the caller's.
func (c *Client) open(ctx, deadline context.Context, target Target) error {
	stream, err := target.open(deadline)
	if err != nil {
		return target.explain(ctx, err)
	}
	conn := newConn(stream, target.Encoding, c.broke)
	hello, err := conn.hello(deadline, target.Client)
	if err != nil {
		if deadline.Err() != nil {
			stream.Abort()
		}
		conn.close()
		return target.explainHello(ctx, stream, err)
	}
	if err := target.check(hello.Instance); err != nil {
		conn.close()
		return err
	}
	conn.limit(hello.Limits)
	conn.quiet = target.Silence

	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.conn, c.hello = conn, hello
	}
	c.mu.Unlock()
	if closed {
		conn.close()
		return errClosed()
	}
	return nil
}

// next returns a connection in place of the broken one: a new one, unless another
// call has made it already.
func (c *Client) next(ctx context.Context, broken *conn) (*conn, error) {
	select {
	case c.dialing <- struct{}{}:
		defer func() { <-c.dialing }()
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
	if conn := c.current(); conn != broken {
		return conn, nil
	}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	broken.close()
	return c.current(), nil
}

// mayCallAgain reports whether a call may be made on another connection than
// conn. If the daemon was stopped and BeforeRedial decides when to connect again,
// only the subscriptions may.
func (c *Client) mayCallAgain(conn *conn) bool {
	return c.mayReconnect(conn) && (c.target.BeforeRedial == nil || !conn.ended.Load())
}

// mayReconnect reports whether another connection can replace conn.
func (c *Client) mayReconnect(conn *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && !conn.pinned.Load() && c.target.again()
}

func errClosed() error {
	return protocol.Errorf(protocol.ConnectionFailed, "the client is closed").With("reason", ReasonClosed)
}

// expired reports whether ctx has ended, or its deadline has passed: an operation
// may fail by the deadline a moment before ctx ends.
func expired(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// contextError returns why ctx ended, as an error that wraps ctx's own.
func contextError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return protocol.Errorf(protocol.Cancelled, "cancelled: %w", context.Canceled)
	}
	return protocol.Errorf(protocol.DeadlineExceeded, "the call's time ran out: %w", context.DeadlineExceeded)
}

// milliseconds returns the time left until ctx's deadline, at least 1, or 0
// where it has none.
func milliseconds(ctx context.Context) uint64 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return uint64(max(1, time.Until(deadline).Milliseconds()))
}
