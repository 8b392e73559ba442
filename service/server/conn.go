package server

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

// A conn is one connection.
type conn struct {
	srv     *Server
	inst    Instance
	nc      net.Conn
	peer    registry.Peer
	id      uint64
	since   time.Time
	session registry.Session
	log     zerolog.Logger
	named   sync.Once
	program string // the peer's; set by the first call of peerProgram

	ctx    context.Context // parent of its calls' contexts
	cancel context.CancelCauseFunc

	frames   *protocol.FrameReader
	deadline bool        // a read deadline is set; only the reading goroutine uses it
	final    finalRead   // state of readFinal; only the reading goroutine uses it
	stopping atomic.Bool // only data that has already arrived is read
	broken   atomic.Bool // reading has ended

	out   out
	calls sync.WaitGroup

	bytesIn atomic.Uint64
	picked  atomic.Uint32 // the encoding, for other goroutines; 0 until the first message

	mu      sync.Mutex
	running map[uint64]*running // calls by id; those with id 0 by numbers above MaxID
	unnamed uint64              // calls with id 0 so far
	client  string              // name from hello
	held    string              // why reading is blocked: api.HeldBy…, or ""
}

func (s *Server) newConn(nc net.Conn, inst Instance, peer registry.Peer) *conn {
	c := &conn{
		srv: s, inst: inst, nc: nc, peer: peer, since: time.Now(),
		log:     s.Log.With().Str("instance", inst.Name()).Int("peer_uid", peer.UID).Int("peer_pid", peer.PID).Logger(),
		running: make(map[uint64]*running),
	}
	c.ctx, c.cancel = context.WithCancelCause(s.ctx)
	c.frames = protocol.NewFrameReader(c, 0, budget{c})
	c.out.init(c)
	return c
}

// errHalfFrame ends a connection whose peer sent half a message and then nothing
// for too long.
var errHalfFrame = errors.New("half a message arrived, and the rest did not come in time")

// Read reads from the connection for c.frames. Because it may block, it first
// sends the answers that are ready.
func (c *conn) Read(p []byte) (int, error) {
	c.out.flush()
	half := c.frames.Partial()
	if half {
		_ = c.nc.SetReadDeadline(time.Now().Add(c.srv.Limits().HalfFrameTimeout))
	} else if c.deadline {
		_ = c.nc.SetReadDeadline(time.Time{})
	}
	c.deadline = half
	// Check after setting the deadline: stop sets the flag, then the deadline.
	if c.stopping.Load() {
		return c.readFinal(p)
	}
	n, err := c.nc.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		switch {
		case c.stopping.Load():
			return c.readFinal(p)
		case c.out.raw == nil:
			err = errHalfFrame
		default:
			// The rest may have arrived while the daemon was stopped or
			// starved. A read after the deadline does not return it.
			if n, err = tryRead(c.out.raw, p); n == 0 && err == nil {
				err = errHalfFrame
			}
		}
	}
	c.bytesIn.Add(uint64(n))
	return n, err
}

// stop ends reading once the data that has arrived is read: see readFinal.
func (c *conn) stop() {
	c.stopping.Store(true)
	_ = c.nc.SetReadDeadline(time.Unix(1, 0))
}

// giveUp ends reading from a broken connection at once.
func (c *conn) giveUp() {
	c.broken.Store(true)
	c.stop()
}

// budget takes memory for c's request bodies from Server.memory.
type budget struct{ c *conn }

func (b budget) Acquire(n int64) error {
	if !b.c.srv.memory.TryAcquire(n) {
		defer b.c.hold(api.HeldByMemory)()
		defer b.c.watch()()
		if err := b.c.srv.memory.Acquire(b.c.ctx, n); err != nil {
			return err
		}
	}
	b.c.srv.memoryUsed.Add(n)
	return nil
}

func (b budget) Release(n int64) {
	b.c.srv.memoryUsed.Add(-n)
	b.c.srv.memory.Release(n)
}

// serve reads and handles messages until the connection ends, then closes it.
func (c *conn) serve() {
	defer c.nc.Close()
	defer c.cancel(net.ErrClosed)
	defer c.frames.Close()
	for {
		frame, err := c.frames.Next()
		if c.broken.Load() {
			err = net.ErrClosed
		}
		if err != nil {
			c.end(err)
			return
		}
		if c.picked.Load() == 0 {
			c.picked.Store(uint32(c.frames.Encoding()))
		}
		c.out.room()
		c.handle(frame)
		c.srv.longMessage(len(frame))
	}
}

// end finishes the connection after reading ended with err: it answers what is
// still running and ends the subscriptions.
func (c *conn) end(err error) {
	var wire *protocol.Error
	reason := "half-close"
	switch {
	case err == io.EOF:
	case errors.Is(err, errShutdown):
		reason = "shutdown"
		if c.frames.Partial() {
			c.fail(0, stoppingError())
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		c.fail(0, protocol.Errorf(protocol.InvalidRequest, "the stream ends inside a message"))
	case errors.Is(err, errHalfFrame):
		c.fail(0, protocol.Errorf(protocol.InvalidRequest, "%w", err))
		defer c.linger()
	case errors.As(err, &wire):
		c.fail(0, wire)
		defer c.linger()
	default: // the connection is broken
		c.cancel(err)
	}
	c.out.flush()
	c.awaitCalls()
	c.out.endAll(reason)
	c.out.flush()
	if unread := c.out.awaitIdle(); unread {
		c.log.Warn().Msg("connection closed: the peer does not read its answers")
	}
}

// encoding returns the connection's encoding, JSON if the first byte picks none.
func (c *conn) encoding() protocol.Encoding {
	if enc := c.frames.Encoding(); enc != 0 {
		return enc
	}
	return protocol.JSON
}

// hangupCheck is how often watch checks whether the peer has closed the
// connection.
const hangupCheck = 100 * time.Millisecond

// watch cancels the connection's calls when the peer closes the connection, until
// stop is called. Use it while the reading goroutine, which would notice, is
// blocked.
func (c *conn) watch() (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(hangupCheck)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if hungUp(c.nc) {
					c.cancel(net.ErrClosed)
				}
			}
		}
	}()
	return func() { close(done) }
}

func (c *conn) awaitCalls() {
	defer c.watch()()
	c.calls.Wait()
}

// lingerTime and lingerBytes bound how long and how much a peer may still send
// before the connection is closed after an error. Closing a socket with unread
// data resets it, and the peer would lose the error.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 4 * protocol.MaxFrame
)

func (c *conn) linger() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c.nc, lingerBytes)
}
