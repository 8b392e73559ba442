package server_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// TestNoEventIsSilentlyLost has events published, by several at once, while
// subscribers in both encodings read, fall behind, are cut off at any byte,
// come back after any earlier event, and find a restarted daemon.
// Each sees every event that it asks for exactly once and in order; or, in its
// place, a gap that names it and nothing that came; or, of a running job's
// progress, a later update that counts it.
func TestNoEventIsSilentlyLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStation(rt, t.TempDir())
		defer s.close()
		var all []*listener
		for n := range rapid.IntRange(1, 3).Draw(rt, "subscribers") {
			all = append(all, newListener(rt, s, n))
		}
		var background sync.WaitGroup
		defer background.Wait()
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			l := all[rapid.IntRange(0, len(all)-1).Draw(rt, "subscriber")]
			switch rapid.SampledFrom([]string{"publish", "publish", "publish aside", "read", "read", "cut", "subscribe", "go back", "drain", "restart", "shutdown"}).Draw(rt, "step") {
			case "publish":
				s.publish(drawBurst(rt))
			case "publish aside":
				for range rapid.IntRange(1, 3).Draw(rt, "publishers") {
					b := drawBurst(rt)
					background.Go(func() { s.publish(b) })
				}
			case "read":
				l.read(rapid.SampledFrom([]int{1, 10, 300, 3000}).Draw(rt, "messages"))
			case "cut":
				l.cut(rapid.SampledFrom([]int{0, 1, 50, 70_000, 300_000}).Draw(rt, "about") + rapid.IntRange(0, 300).Draw(rt, "bytes"))
			case "subscribe":
				l.leave()
				l.subscribe(l.at)
			case "go back":
				l.leave()
				at := l.at
				at.Seq -= min(at.Seq, rapid.SampledFrom([]uint64{1, 5, 700, 10_000}).Draw(rt, "events"))
				l.subscribe(at)
			case "drain":
				l.drain()
			case "restart":
				background.Wait()
				for _, l := range all {
					l.leave()
				}
				s.close()
				s.start()
			case "shutdown": // all that is there is still delivered
				background.Wait()
				ended := make(chan struct{})
				go func() { s.close(); close(ended) }()
				for _, l := range all {
					l.readToEnd()
				}
				<-ended
				s.start()
			}
		}
		background.Wait()
		for _, l := range all {
			l.drain()
			l.leave()
		}
	})
}

// A burst is a number of events of some mix.
type burst struct {
	events   int
	progress int // one in so many tells a job's progress; 0: none
	text     string
}

func drawBurst(rt *rapid.T) burst {
	return burst{
		events:   rapid.SampledFrom([]int{1, 3, 40, 500, 1100, 2500, 9000}).Draw(rt, "events"),
		progress: rapid.SampledFrom([]int{0, 1, 2, 10}).Draw(rt, "one in so many is progress"),
		text:     strings.Repeat("x", rapid.SampledFrom([]int{0, 400}).Draw(rt, "text")),
	}
}

// A station is a daemon that is restarted from time to time, with a record
// of all that was published.
type station struct {
	rt   *rapid.T
	path string

	srv   *server.Server
	ln    *listen.Listener
	serve sync.WaitGroup

	mu        sync.Mutex // of the fields below, and held while an event is published
	inst      *instance
	published map[protocol.ID][]publishedEvent // by daemon start; number n is at n-1
}

// publishedEvent is what is remembered of an event.
type publishedEvent struct {
	typ     protocol.EventType
	job     protocol.ID
	running bool
}

var twoJobs = []protocol.ID{{1}, {2}}

func newStation(rt *rapid.T, dir string) *station {
	s := &station{rt: rt, path: filepath.Join(dir, "s.sock"), published: make(map[protocol.ID][]publishedEvent)}
	s.start()
	return s
}

func (s *station) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inst = newInstance()
	boot := s.boot()
	s.srv = server.New(server.Options{
		Limits: config.Default().Limits, Peer: listen.Admission{}.Peer, Log: zerolog.Nop(),
		Hello: func(server.Instance) protocol.HelloReply {
			return protocol.HelloReply{Protocol: 1, Daemon: protocol.HelloDaemon{BootID: boot}}
		},
	})
	ln, err := listen.Bind(s.path, "default", listen.Admission{})
	if err != nil {
		s.rt.Fatal(err)
	}
	s.ln = ln
	inst, srv := s.inst, s.srv
	s.serve.Go(func() { srv.Serve(ln.UnixListener, inst) })
}

func (s *station) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.srv.Shutdown(ctx)
	s.serve.Wait()
	s.ln.Close()
}

func (s *station) boot() protocol.ID { return s.inst.bus.BootID() }

// publish publishes a burst. Each event says in its data which number it has.
func (s *station) publish(b burst) {
	for i := range b.events {
		s.mu.Lock()
		seq := s.inst.bus.Seq() + 1
		ev := api.LocationUpdated.New(api.LocationEvent{
			Path: api.Path(fmt.Sprint("/", seq)), Name: b.text,
		})
		if b.progress > 0 && i%b.progress == 0 {
			status := api.JobRunning
			if i%101 == 100 {
				status = api.JobPaused
			}
			ev = protocol.Event{Type: api.JobUpdate.Type, JobID: twoJobs[i/b.progress%2], Data: protocol.ValueOf(api.JobEvent{
				Kind: b.text, Status: status, Progress: api.Progress{Done: int64(seq)},
			})}
		}
		s.inst.bus.Publish(ev)
		data, _ := ev.Data.Interface().(api.JobEvent)
		s.published[s.boot()] = append(s.published[s.boot()], publishedEvent{ev.Type, ev.JobID, data.Status == api.JobRunning})
		s.mu.Unlock()
	}
}

// seq returns the number of the newest event.
func (s *station) seq() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inst.bus.Seq()
}

// newest returns the number of the newest event of a daemon start.
func (s *station) newest(boot protocol.ID) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.published[boot]))
}

// at returns what was published as number seq, which must have been.
func (s *station) at(boot protocol.ID, seq uint64) publishedEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.published[boot]
	if seq == 0 || seq > uint64(len(all)) {
		s.rt.Fatalf("number %d of %d events", seq, len(all))
	}
	return all[seq-1]
}
