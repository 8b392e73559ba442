// Package server is the daemon's side of the protocol: it accepts connections,
// cuts them into messages, calls the handlers of the instance's registry, and
// sends answers and events.
//
// A Server is made with New, given listeners with Serve, and ended with
// Shutdown. Each connection has one goroutine that reads; a call whose handler
// may block gets one of its own; one more writes while the peer does not read
// as fast as it is sent to.
package server

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// An Instance is what the server needs of one.
type Instance interface {
	Name() string
	Registry() *registry.Registry
	Bus() *event.Bus
	// Ready waits until the instance is open. It returns an error with code
	// CoreUnavailable where that fails.
	Ready(ctx context.Context) error
	// Opened reports whether Ready would return nil at once.
	Opened() bool
}

// Options are what a Server is made of.
type Options struct {
	Limits   config.Limits
	Hello    func(Instance) protocol.HelloReply
	Peer     func(net.Conn) (registry.Peer, error) // who connects; an error refuses it
	Program  func(pid int) string                  // the name of a peer's program, for the log; nil: none
	Shutdown func()                                // a client has asked the daemon to end
	Log      zerolog.Logger
}

// A Server serves connections.
type Server struct {
	Options
	limits atomic.Pointer[config.Limits]
	memory *semaphore.Weighted // bytes of request bodies
	pages  *semaphore.Weighted // bytes of lists in answers: maxPageBytes

	refusals zerolog.Logger // some lines a second, however many connections are refused
	relax    *time.Timer    // gives memory back, see longMessage

	ctx    context.Context // of all calls
	cancel context.CancelCauseFunc

	unknown    atomic.Uint64     // calls of methods that there are not
	unreadable registry.Failures // messages that were none
	memoryUsed atomic.Int64      // of memory
	pagesUsed  atomic.Int64      // of pages

	mu        sync.Mutex
	conns     map[*conn]struct{}
	past      traffic                  // of connections that have ended
	refused   map[protocol.Code]uint64 // connections
	refusing  int
	served    map[net.Listener]*accepting
	draining  bool
	idleSince time.Time

	closing chan struct{}  // closed when Shutdown begins
	wg      sync.WaitGroup // of listeners and connections; while draining, not added to from zero
}

var errShutdown = errors.New("the daemon is stopping")

// stoppingError tells a client that what it sent has not been run.
func stoppingError() *protocol.Error {
	return protocol.Errorf(protocol.CoreUnavailable, "%w", errShutdown).With("reason", "stopping")
}

// New returns a server that serves nothing yet.
func New(o Options) *Server {
	s := &Server{
		Options:   o,
		memory:    semaphore.NewWeighted(max(o.Limits.RequestMemory, protocol.MaxFrame)),
		pages:     semaphore.NewWeighted(maxPageBytes),
		conns:     make(map[*conn]struct{}),
		refused:   make(map[protocol.Code]uint64),
		served:    make(map[net.Listener]*accepting),
		idleSince: time.Now(),
		closing:   make(chan struct{}),
		refusals:  o.Log.Sample(&zerolog.BurstSampler{Burst: 10, Period: time.Second}),
	}
	s.limits.Store(&o.Limits)
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.relax = time.AfterFunc(relaxTime, func() {
		runtime.GC() // after which the pools are as good as empty
		debug.FreeOSMemory()
	})
	s.relax.Stop() // until there is a reason
	return s
}

// SetLimits puts other limits in force, for all connections. The memory for
// request bodies stays what it was.
func (s *Server) SetLimits(l config.Limits) {
	l.RequestMemory = s.limits.Load().RequestMemory
	s.limits.Store(&l)
}

// Limits returns the limits in force.
func (s *Server) Limits() config.Limits { return *s.limits.Load() }

// Connections returns how many connections there are.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// IdleSince returns since when there has been no connection; false while
// there is one.
func (s *Server) IdleSince() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idleSince, len(s.conns) == 0 && s.refusing == 0
}

// An acceptor is a listener whose Accept can be given a deadline, as those of
// package net can.
type acceptor interface {
	net.Listener
	SetDeadline(time.Time) error
}

// accepting is a listener being served.
type accepting struct {
	ln     acceptor
	last   bool          // nobody accepts from it after us
	parked chan struct{} // sent to when Accept has been stopped by Drain
	resume chan struct{} // sent to when it shall go on
}

// Expect says that Serve or Refuse is about to be called with ln, on another
// goroutine perhaps: no Drain succeeds before it has been.
func (s *Server) Expect(ln acceptor) { s.expect(ln) }

// ExpectLast does the same for a listener of the daemon's own: whoever waits in
// its queue when Shutdown begins is accepted then, since no other daemon will.
func (s *Server) ExpectLast(ln acceptor) {
	a := s.expect(ln)
	s.mu.Lock()
	defer s.mu.Unlock()
	a.last = true
}

func (s *Server) expect(ln acceptor) *accepting {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.served[ln]
	if a == nil {
		a = &accepting{ln: ln, parked: make(chan struct{}), resume: make(chan struct{})}
		s.served[ln] = a
	}
	return a
}

// Serve accepts connections to inst from ln until Shutdown, and closes ln.
func (s *Server) Serve(ln acceptor, inst Instance) {
	s.serve(ln, func(nc net.Conn) { s.accept(nc, inst) })
}

// Refuse accepts connections from ln until Shutdown and tells each why it gets
// no further.
func (s *Server) Refuse(ln acceptor, why *protocol.Error) {
	s.serve(ln, func(nc net.Conn) {
		peer, _ := s.Peer(nc)
		s.refuse(nc, peer, why)
	})
}

func (s *Server) serve(ln acceptor, accept func(net.Conn)) {
	a := s.expect(ln)
	s.mu.Lock()
	if s.draining {
		delete(s.served, ln)
		s.mu.Unlock()
		ln.Close()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer func() {
		ln.Close()
		s.mu.Lock()
		delete(s.served, ln)
		s.mu.Unlock()
		s.wg.Done()
	}()
	var pause time.Duration
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			accept(nc)
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			if s.lastWait(a) {
				_ = a.ln.SetDeadline(time.Now().Add(queueTime))
			} else if !s.park(a) {
				return
			}
		default:
			// Out of file descriptors or memory: it passes, and the
			// connections wait in the kernel meanwhile.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.Log.Error().Err(err).Dur("pause_ms", pause).Msg("cannot accept a connection")
			select {
			case <-time.After(pause):
			case <-s.closing:
				return
			}
		}
	}
}

// lastWait reports whether someone waits in the queue of a listener that ends
// with the daemon, as it does.
func (s *Server) lastWait(a *accepting) bool {
	select {
	case <-s.closing:
		return a.last && s.ctx.Err() == nil && queued(a.ln)
	default:
		return false
	}
}

func (s *Server) park(a *accepting) bool {
	select {
	case a.parked <- struct{}{}:
	case <-s.closing:
		return false
	}
	select {
	case <-a.resume:
		return true
	case <-s.closing:
		return false
	}
}

// Drain stops accepting and reports whether the server has been without a
// connection since then; where one came in at the last moment, even if it has
// gone and left work behind, it goes on accepting. Connections that come after
// a successful Drain wait in the kernel, for the next process that serves the
// socket.
func (s *Server) Drain(since time.Time) bool {
	s.mu.Lock()
	all := make([]*accepting, 0, len(s.served))
	for _, a := range s.served {
		all = append(all, a)
	}
	s.mu.Unlock()
	for _, a := range all {
		_ = a.ln.SetDeadline(time.Unix(1, 0))
	}
	for _, a := range all {
		select {
		case <-a.parked:
		case <-s.closing:
			return true
		}
	}
	if at, idle := s.IdleSince(); idle && !at.After(since) {
		return true
	}
	for _, a := range all {
		_ = a.ln.SetDeadline(time.Time{})
		select {
		case a.resume <- struct{}{}:
		case <-s.closing:
			return false
		}
	}
	return false
}

func (s *Server) accept(nc net.Conn, inst Instance) {
	peer, err := s.Peer(nc)
	if err != nil {
		s.refuse(nc, peer, protocol.AsError(err))
		return
	}
	s.mu.Lock()
	if most := s.Limits().Connections; len(s.conns) >= most {
		s.mu.Unlock()
		s.refuse(nc, peer, protocol.Errorf(protocol.TooManyConnections, "there are %d connections, and no more are allowed", most).
			WithHint("close some, or raise limits.connections in the configuration file"))
		return
	}
	c := s.newConn(nc, inst, peer)
	s.admit(c)
	if s.draining { // it was accepted as that began, and no other daemon will see it
		c.stop()
	}
	s.wg.Go(func() { // the caller counts in wg, too
		defer s.forget(c)
		c.serve()
	})
	s.mu.Unlock()
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.past.add(c.traffic())
	s.idleSince = time.Now()
}

// ServeInternal serves a connection of the daemon's own, which holds no exit
// off and counts against no limit.
func (s *Server) ServeInternal(nc net.Conn, inst Instance) {
	s.newConn(nc, inst, registry.Peer{UID: os.Geteuid(), PID: os.Getpid()}).serve()
}

// ServeConn serves one connection that comes from no listener, and returns
// when it is closed.
func (s *Server) ServeConn(nc net.Conn, inst Instance, peer registry.Peer) {
	c := s.newConn(nc, inst, peer)
	s.mu.Lock()
	if s.draining {
		s.mu.Unlock()
		nc.Close()
		return
	}
	s.admit(c)
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	defer s.forget(c)
	c.serve()
}

// Shutdown stops accepting, has what clients had sent by then be read and
// called, gives calls until ctx is done and then cancels them, ends
// subscriptions, and closes all connections. A call that
// does not end for all that is left behind, with its connection.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	if !s.draining {
		s.draining = true
		close(s.closing)
	}
	for ln, a := range s.served {
		if a.last {
			_ = a.ln.SetDeadline(time.Now().Add(queueTime))
		} else {
			ln.Close()
		}
	}
	for c := range s.conns {
		c.stop()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	s.cancel(errShutdown)
	s.mu.Lock()
	for c := range s.conns {
		c.out.expire(flushTime)
	}
	s.mu.Unlock()
	select {
	case <-done:
	case <-time.After(flushTime + stuckTime):
		s.Log.Error().Int("connections", s.Connections()).Msg("calls do not end although they are cancelled; they are left behind")
	}
	s.relax.Stop()
}

// relaxTime is how long after the last long message the memory that went into
// such is given back to the system. The runtime itself would keep it for some
// minutes, in a process that may do nothing more for hours.
const relaxTime = time.Second

// longMessage notes that a message of so many bytes has been handled.
func (s *Server) longMessage(size int) {
	if size > keepBuffer {
		s.relax.Reset(relaxTime)
	}
}

// queueTime is how long a shutdown accepts who waits in the queue of a listener
// that ends with the daemon.
const queueTime = 20 * time.Millisecond

// flushTime is how long a peer may take to read what a shutdown still has for
// it.
const flushTime = time.Second

// stuckTime is how much longer a cancelled call may take to notice, which it
// cannot while it waits for a file system that does not answer.
const stuckTime = time.Second
