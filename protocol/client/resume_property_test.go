package client

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/event"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// A realServer is the daemon's own server and bus, without its operations.
type realServer struct {
	*server.Server
	path string
	bus  *event.Bus
	wg   sync.WaitGroup
	ln   *listen.Listener
}

func (s *realServer) Name() string                 { return "default" }
func (s *realServer) Registry() *registry.Registry { return registry.New() }
func (s *realServer) Bus() *event.Bus              { return s.bus }
func (s *realServer) Opened() bool                 { return true }
func (s *realServer) Ready(context.Context) error  { return nil }

func startReal(t *testing.T) *realServer {
	t.Helper()
	s := &realServer{bus: event.NewBus(protocol.NewID()), path: filepath.Join(t.TempDir(), "s.sock")}
	s.Server = server.New(server.Options{
		Limits: config.Default().Limits, Peer: listen.Admission{}.Peer, Log: zerolog.Nop(), Shutdown: func() {},
		Hello: func(server.Instance) protocol.HelloReply {
			return protocol.HelloReply{Protocol: 1, Daemon: protocol.HelloDaemon{BootID: s.bus.BootID()}, Features: []string{"after_log"}}
		},
	})
	var err error
	if s.ln, err = listen.Bind(s.path, "default", listen.Admission{}); err != nil {
		t.Fatal(err)
	}
	s.wg.Go(func() { s.Serve(s.ln.UnixListener, s) })
	return s
}

func (s *realServer) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.Shutdown(ctx)
	s.wg.Wait()
	s.ln.Close()
}

// A cutter stands between a client and the server of the moment. It passes a
// random number of bytes, then cuts the connection, wherever that is in a
// message.
type cutter struct {
	l       net.Listener
	mu      sync.Mutex
	backend string // "" while the daemon is away
	random  *rand.Rand
	cuts    int
	open    map[net.Conn]bool
	done    bool // no more cuts
	wg      sync.WaitGroup
}

func startCutter(t *testing.T, random *rand.Rand) (*cutter, Target) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{l: l, random: random, open: make(map[net.Conn]bool)}
	c.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.pass(client) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.lead("")
		c.wg.Wait()
	})
	return c, patient(Socket(path))
}

// lead has new connections lead to the server at path, and cuts those that
// there are.
func (c *cutter) lead(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backend = path
	for conn := range c.open {
		conn.Close()
	}
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	c.mu.Lock()
	backend, budget := c.backend, int64(c.random.IntN(40_000))
	if c.done {
		budget = 1 << 40
	}
	c.cuts++
	c.mu.Unlock()
	if backend == "" {
		return
	}
	daemon, err := net.Dial("unix", backend)
	if err != nil {
		return
	}
	defer daemon.Close()
	c.mu.Lock()
	c.open[client], c.open[daemon] = true, true
	gone := c.backend != backend
	c.mu.Unlock()
	if gone {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(daemon, client)
		daemon.Close()
	})
	_, _ = io.CopyN(client, daemon, budget)
	client.Close()
	daemon.Close()
	wg.Wait()
	c.mu.Lock()
	delete(c.open, client)
	delete(c.open, daemon)
	c.mu.Unlock()
}

// A ledger checks that every number of a stream has come once and in order, or
// is named by a gap.
type ledger struct {
	what string
	last uint64 // everything up to it is accounted for
	// mayCome allows that what a gap named comes all the same: where a filter
	// keeps most lines away, a gap names those that may be missing.
	mayCome   bool
	from      uint64
	got, gaps int
}

func (l *ledger) event(seq uint64) error {
	if seq != l.last+1 && !(l.mayCome && seq >= l.from && seq <= l.last) {
		return fmt.Errorf("%s %d comes after %d", l.what, seq, l.last)
	}
	l.last, l.from = max(l.last, seq), seq+1
	l.got++
	return nil
}

func (l *ledger) gap(from, to uint64, reason protocol.GapReason) error {
	l.gaps++
	if reason == protocol.GapRestarted {
		l.last, l.from = to, 1 // of the new start; what the old one had is anybody's guess
		return nil
	}
	if from != l.last+1 || to < from {
		return fmt.Errorf("a gap of %s from %d to %d, %s, comes after %d", l.what, from, to, reason, l.last)
	}
	l.last, l.from = to, from
	return nil
}

// TestEveryEventComesOnceOrIsNamed has a real server publish events and log
// lines over connections that break at random places, sometimes more of them
// than are kept, and restarts it now and then.
func TestEveryEventComesOnceOrIsNamed(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			cut, target := startCutter(t, rand.New(rand.NewPCG(seed, 2)))
			srv := startReal(t)
			defer func() { srv.stop() }()
			cut.lead(srv.path)
			srv.bus.Publish(protocol.Event{Type: api.CoreStarted.Type})
			r := &reader{
				events: ledger{what: "event"},
				lines:  ledger{what: "log line", mayCome: seed%2 == 1},
				last:   make(chan uint64, 1),
			}
			req := protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.CoreStarted.Type, api.LocationUpdated.Type, api.LogMessage.Type}}
			if r.lines.mayCome {
				req = protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.LogMessage.Type}, Filter: protocol.Filter{Target: "t"}}
			}
			c, s := subscribeThrough(t, target, req)
			defer c.Close()
			r.events.last = s.Position().Seq

			var wg sync.WaitGroup
			defer wg.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			wg.Go(func() {
				lines := uint64(0) // of this start
				publish := func(log bool) {
					if publishOne(srv.bus, log); log {
						lines++
					}
				}
				for range 20 {
					for range random.IntN(200) {
						publish(random.IntN(4) == 0)
					}
					switch random.IntN(12) {
					case 0, 1:
						cut.lead("")
						srv.stop()
						srv, lines = startReal(t), 0
						srv.bus.Publish(protocol.Event{Type: api.CoreStarted.Type})
						cut.lead(srv.path)
					case 2:
						cut.lead("")
						log := random.IntN(2) == 0
						for range 9000 { // more than either ring holds
							publish(log)
						}
						cut.lead(srv.path)
					case 3, 4:
						cut.lead(srv.path)
					}
					// The pace of the reader, most of the time.
					behind := func() bool { return r.seen.Load() != srv.bus.Seq() }
					if r.lines.mayCome {
						behind = func() bool { return r.seenLine.Load() != lines }
					}
					for wait := random.IntN(4) > 0; wait && behind() && ctx.Err() == nil; {
						time.Sleep(time.Millisecond)
					}
				}
				cut.mu.Lock()
				cut.done = true
				cut.mu.Unlock()
				cut.lead(srv.path)
				publishOne(srv.bus, false)
				r.last <- srv.bus.Seq()
				srv.bus.Publish(api.LogMessage.New(api.LogEvent{Level: protocol.Info, Target: "the end", Message: "m"}))
			})
			r.read(ctx, t, s)
			t.Logf("%d connections; %d events, %d gaps; %d lines, %d gaps", cut.cuts, r.events.got, r.events.gaps, r.lines.got, r.lines.gaps)
		})
	}
}

// subscribeThrough connects and subscribes over connections that may be cut
// before they have come so far.
func subscribeThrough(t *testing.T, target Target, req protocol.SubscribeRequest) (*Client, *Subscription) {
	t.Helper()
	for ctx := soon(t); ; {
		c, err := Dial(ctx, target)
		if err == nil {
			s, err := c.Subscribe(ctx, req)
			if err == nil {
				return c, s
			}
			c.Close()
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

func publishOne(b *event.Bus, log bool) {
	if log {
		b.Publish(api.LogMessage.New(api.LogEvent{Level: protocol.Info, Target: "t", Message: "m"}))
		return
	}
	b.Publish(api.LocationUpdated.New(api.LocationEvent{Path: "/x"}))
}

// A reader keeps the ledgers.
type reader struct {
	events, lines ledger
	seen          atomic.Uint64 // the last event accounted for
	seenLine      atomic.Uint64
	last          chan uint64 // gets the number of the last event of all
}

// read reads to the end: the last event of the last server, and the log line
// that says so.
func (r *reader) read(ctx context.Context, t *testing.T, s *Subscription) {
	t.Helper()
	begun, lost, over := false, false, false
	end, restarts := uint64(0), 0
	for !over || end == 0 || !r.lines.mayCome && r.events.last < end {
		m, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%v; %d events, %d lines so far", err, r.events.got, r.lines.got)
		}
		switch {
		case m.Lost != nil:
			if lost {
				t.Fatal("lost twice, and not resumed in between")
			}
			lost = true
		case m.Resumed != nil:
			if !lost {
				t.Fatal("resumed, and never lost")
			}
			if lost = false; m.Resumed.Restarted {
				restarts++
			}
		case lost:
			t.Fatalf("%+v comes between loss and resumption", m)
		case m.Gap != nil && m.Gap.LogFrom > 0:
			begun = true
			err = r.lines.gap(m.Gap.LogFrom, m.Gap.LogTo, m.Gap.Reason)
		case m.Gap != nil:
			if m.Gap.Reason == protocol.GapRestarted {
				if restarts--; restarts < 0 {
					t.Fatal("a gap tells of a restart that was none")
				}
			}
			err = r.events.gap(m.Gap.From, m.Gap.To, m.Gap.Reason)
		case m.Event.LogSeq > 0:
			if !begun { // the first line may have any number
				begun, r.lines.last = true, m.Event.LogSeq-1
			}
			err = r.lines.event(m.Event.LogSeq)
			var d api.LogEvent
			over = m.Event.Data.Decode(&d) == nil && d.Target == "the end"
		default:
			err = r.events.event(m.Event.Seq)
		}
		if err != nil {
			t.Fatal(err)
		}
		r.seen.Store(r.events.last)
		r.seenLine.Store(r.lines.last)
		select {
		case end = <-r.last:
		default:
		}
	}
}
