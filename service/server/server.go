// Package server is the daemon's side of the protocol: it accepts connections,
// cuts them into messages, calls the handlers of the instance's registry, and
// sends answers and events.
//
// Create a Server with New, pass it listeners with Serve, and end it with
// Shutdown. Each connection has a goroutine that reads. A call whose handler
// may block runs on a goroutine of its own. A further goroutine writes while
// the peer reads slower than the server sends.
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

// An Instance is an instance of the daemon as the server uses it.
type Instance interface {
	Name() string
	Registry() *registry.Registry
	Bus() *event.Bus
	// Ready blocks until the instance is open. If opening fails it returns an
	// error with code CoreUnavailable.
	Ready(ctx context.Context) error
	// Opened reports whether Ready would return nil at once.
	Opened() bool
}

// Options configure a Server.
type Options struct {
	Limits   config.Limits
	Hello    func(Instance) protocol.HelloReply
	Peer     func(net.Conn) (registry.Peer, error) // identifies the peer; an error refuses the connection
	Program  func(pid int) string                  // returns the name of a peer's program, for the log; may be nil
	Shutdown func()                                // called when a client asks the daemon to stop
	Log      zerolog.Logger
}

// A Server serves connections.
type Server struct {
	Options
	limits atomic.Pointer[config.Limits]
	memory *semaphore.Weighted // bytes of request bodies
	pages  *semaphore.Weighted // bytes of lists in answers: maxPageBytes

	refusals zerolog.Logger // sampled, so that a flood of refused connections does not flood the log
	release  *time.Timer    // returns memory to the system, see longMessage

	ctx    context.Context // parent of all calls' contexts
	cancel context.CancelCauseFunc

	unknown    atomic.Uint64     // calls of unknown methods
	unreadable registry.Failures // messages that could not be parsed
	memoryUsed atomic.Int64      // bytes taken from memory
	pagesUsed  atomic.Int64      // bytes taken from pages

	mu        sync.Mutex
	conns     map[*conn]struct{}
	past      traffic                  // of closed connections
	refused   map[protocol.Code]uint64 // refused connections, by code
	refusing  int
	served    map[net.Listener]*accepting
	draining  bool
	idleSince time.Time

	closing chan struct{}  // closed when Shutdown begins
	wg      sync.WaitGroup // listeners and connections; not incremented from zero while draining
}

var errShutdown = errors.New("the daemon is stopping")

// stoppingError tells a client that its message was not executed.
func stoppingError() *protocol.Error {
	return protocol.Errorf(protocol.CoreUnavailable, "%w", errShutdown).With("reason", "stopping")
}

// New returns a server. Call Serve to accept connections.
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
	s.release = time.AfterFunc(releaseDelay, func() {
		runtime.GC() // empties the pools
		debug.FreeOSMemory()
	})
	s.release.Stop() // longMessage starts it
	return s
}

// SetLimits changes the limits of all connections. RequestMemory does not change
// after New.
func (s *Server) SetLimits(l config.Limits) {
	l.RequestMemory = s.limits.Load().RequestMemory
	s.limits.Store(&l)
}

// Limits returns the limits in force.
func (s *Server) Limits() config.Limits { return *s.limits.Load() }

// Connections returns the number of open connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// IdleSince returns when the last connection closed. It returns false while a
// connection is open.
func (s *Server) IdleSince() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idleSince, len(s.conns) == 0 && s.refusing == 0
}

// An acceptor is a listener with a deadline for Accept, such as
// net.UnixListener.
type acceptor interface {
	net.Listener
	SetDeadline(time.Time) error
}

// accepting is a listener that is being served.
type accepting struct {
	ln     acceptor
	own    bool          // made by this daemon: no other process accepts from it later
	parked chan struct{} // receives when Drain has interrupted Accept
	resume chan struct{} // receives when accepting continues
}

// Expect announces that Serve or Refuse will be called with ln, possibly on
// another goroutine. Drain does not succeed before that call. own marks a listener
// that the daemon made itself: Shutdown accepts the connections in its backlog,
// because no later daemon can.
func (s *Server) Expect(ln acceptor, own bool) { s.expect(ln, own) }

func (s *Server) expect(ln acceptor, own bool) *accepting {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.served[ln]
	if a == nil {
		a = &accepting{ln: ln, own: own, parked: make(chan struct{}), resume: make(chan struct{})}
		s.served[ln] = a
	}
	return a
}

// Serve accepts connections to inst from ln until Shutdown, and closes ln.
func (s *Server) Serve(ln acceptor, inst Instance) {
	s.serve(ln, func(nc net.Conn) { s.accept(nc, inst) })
}

// Refuse accepts connections from ln until Shutdown and answers each with why.
func (s *Server) Refuse(ln acceptor, why *protocol.Error) {
	s.serve(ln, func(nc net.Conn) {
		peer, _ := s.Peer(nc)
		s.refuse(nc, peer, why)
	})
}

func (s *Server) serve(ln acceptor, accept func(net.Conn)) {
	a := s.expect(ln, false)
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
			if s.hasQueued(a) {
				_ = a.ln.SetDeadline(time.Now().Add(queueTime))
			} else if !s.park(a) {
				return
			}
		default:
			// Out of file descriptors or memory. Retry; connections wait
			// in the kernel meanwhile.
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

// hasQueued reports whether the server is shutting down and connections wait in
// the backlog of a listener that the daemon made itself.
func (s *Server) hasQueued(a *accepting) bool {
	select {
	case <-s.closing:
		return a.own && s.ctx.Err() == nil && queued(a.ln)
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

// Drain stops accepting and reports whether no connection has been open since
// the given time. If one has, even if it is closed again, Drain resumes
// accepting and returns false. Connections made after a successful Drain wait
// in the kernel for the next process that serves the socket.
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
		s.refuse(nc, peer, protocol.Errorf(protocol.TooManyConnections, "the limit of %d connections is reached", most).
			WithHint("close some, or raise limits.connections in the configuration file"))
		return
	}
	c := s.newConn(nc, inst, peer)
	s.admit(c)
	if s.draining { // accepted as Shutdown began: answer what it has sent
		c.stop()
	}
	s.wg.Go(func() { // the caller holds wg above zero
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

// ServeInternal serves a connection from within the daemon. It does not delay
// idle exit and counts against no limit.
func (s *Server) ServeInternal(nc net.Conn, inst Instance) {
	s.newConn(nc, inst, registry.Peer{UID: os.Geteuid(), PID: os.Getpid()}).serve()
}

// ServeConn serves a connection that was not accepted from a listener. It
// returns when the connection is closed.
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

// Shutdown stops accepting, executes the messages that clients have sent so
// far, ends subscriptions and closes all connections. Calls that still run when
// ctx is done are cancelled. A call that ignores the cancellation is abandoned
// together with its connection.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	if !s.draining {
		s.draining = true
		close(s.closing)
	}
	for ln, a := range s.served {
		if a.own {
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
		s.Log.Error().Int("connections", s.Connections()).Msg("cancelled calls do not end and are abandoned")
	}
	s.release.Stop()
}

// releaseDelay is how long after the last long message its memory is returned to
// the system. The runtime would keep it for minutes, in a process that may be
// idle for hours.
const releaseDelay = time.Second

// longMessage starts the release of memory if a message of size bytes was long.
func (s *Server) longMessage(size int) {
	if size > keepBuffer {
		s.release.Reset(releaseDelay)
	}
}

// queueTime is how long Shutdown accepts from the backlog of a listener that the
// daemon made itself.
const queueTime = 20 * time.Millisecond

// flushTime is how long a peer may take to read its last answers during
// Shutdown.
const flushTime = time.Second

// stuckTime is how long Shutdown waits for cancelled calls. A call that waits for
// a file system that does not answer cannot react.
const stuckTime = time.Second
