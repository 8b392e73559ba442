package server_test

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

// A ledgerState is a state that several writers change, each change followed
// by an event that tells of it.
type ledgerState struct {
	mu       sync.Mutex
	versions map[string]int // by name
}

type ledgerOutput struct {
	Versions map[string]int `json:"versions"`
}

func (l *ledgerState) change(d *daemon, name string) {
	l.mu.Lock()
	l.versions[name]++
	version := l.versions[name]
	l.mu.Unlock()
	d.inst.bus.Publish(api.LocationUpdated.New(api.LocationEvent{
		Path: api.Path("/" + name), Name: strconv.Itoa(version),
	}))
}

func (l *ledgerState) read() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.versions)
}

// TestAStateAndWhatFollowsMissNothing: a state that was queried, with the
// events after the answer's seq, is the state at the end, however many write
// meanwhile. An event that the state already shows may come again, and one that
// could not be kept comes as a gap, after which the state is queried again.
func TestAStateAndWhatFollowsMissNothing(t *testing.T) {
	const writers, changes, followers = 4, 500, 24
	d := start(t)
	state := &ledgerState{versions: make(map[string]int)}
	query := func(context.Context, api.Empty) (ledgerOutput, error) {
		out := ledgerOutput{state.read()}
		for range 20 {
			runtime.Gosched() // leave the writers time until the answer is made
		}
		return out, nil
	}
	registry.Bind(d.inst.registry, protocol.CoreQuery[api.Empty, ledgerOutput]("test.state", "Tell the state"), query)
	registry.Bind(d.inst.registry, protocol.CoreQuery[api.Empty, ledgerOutput]("test.state_inline", "The same, at once"), query, registry.Inline)

	var writing, following sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range changes {
				state.change(d, fmt.Sprint(w, "-", i)) // never again: what is missed once stays missed
				if i%10 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	written := make(chan struct{})
	for n := range followers {
		enc := []protocol.Encoding{protocol.JSON, protocol.CBOR}[n%2]
		method := []string{"test.state", "test.state_inline"}[n/2%2]
		following.Go(func() {
			for d.inst.bus.Seq() < uint64(n*writers*changes/followers) { // each begins at a time of its own
				runtime.Gosched()
			}
			f := &follower{t: t, d: d, enc: enc, method: method}
			for again := true; again; {
				again = f.follow(written, state)
			}
		})
	}
	writing.Wait()
	close(written)
	following.Wait()
}

// A follower keeps a copy of the state.
type follower struct {
	t      *testing.T
	d      *daemon
	enc    protocol.Encoding
	method string

	conn   *conn
	frames *protocol.FrameReader
	copy   map[string]int
	seq    uint64 // of the state, then of the newest event
}

// follow queries the state and applies events to it until all has been written
// and has come. It then expects the copy to be right. It returns true where a
// gap has come, after which it is to be called again.
func (f *follower) follow(written <-chan struct{}, state *ledgerState) (again bool) {
	f.conn = f.d.dial(f.t)
	defer f.conn.Close()
	f.frames = protocol.NewFrameReader(f.conn, f.enc, nil)
	for ok := f.load(); ok; {
		select {
		case <-written:
			if f.seq < f.d.inst.bus.Seq() {
				break
			}
			if want := state.read(); !maps.Equal(f.copy, want) {
				f.t.Errorf("%v %s: the copy has %d entries, the state %d", f.enc, f.method, len(f.copy), len(want))
			}
			return false
		default:
		}
		var r *protocol.Reply
		if r, ok = f.receive(); !ok {
			break
		}
		switch r.Type {
		case protocol.TypeEvent:
			var change api.LocationEvent
			if err := r.Event.Data.Decode(&change); err != nil {
				f.t.Error(err)
			}
			version, _ := strconv.Atoi(change.Name)
			name := string(change.Path[1:])
			f.copy[name] = max(f.copy[name], version)
			f.seq = r.Event.Seq
		case protocol.TypeHeartbeat:
			f.seq = r.Seq
		case protocol.TypeGap:
			return true
		}
	}
	return false
}

// load queries the state and subscribes to what comes after it.
func (f *follower) load() bool {
	if !f.send(protocol.Request{Type: protocol.TypeQuery, ID: 1, Method: f.method}) {
		return false
	}
	r, ok := f.receive()
	var out ledgerOutput
	if !ok || r.Type != protocol.TypeOK || r.Payload.Decode(&out) != nil {
		f.t.Errorf("the query is answered %+v", r)
		return false
	}
	f.copy, f.seq = out.Versions, r.Seq
	if f.copy == nil {
		f.copy = make(map[string]int)
	}
	if !f.send(protocol.Request{Type: protocol.TypeSubscribe, ID: 2, Subscribe: &protocol.SubscribeRequest{
		After: &protocol.Position{BootID: f.d.inst.bus.BootID(), Seq: r.Seq}, HeartbeatMS: 5,
	}}) {
		return false
	}
	r, ok = f.receive()
	if !ok || r.Type != protocol.TypeSubscribed {
		f.t.Errorf("subscribe is answered %+v", r)
	}
	return ok
}

func (f *follower) send(r protocol.Request) bool {
	msg, err := r.Append(nil, f.enc)
	if err == nil {
		_, err = f.conn.Write(msg)
	}
	if err != nil {
		f.t.Error(err)
	}
	return err == nil
}

func (f *follower) receive() (*protocol.Reply, bool) {
	frame, err := f.frames.Next()
	if err != nil {
		f.t.Error(err)
		return nil, false
	}
	r, err := protocol.ParseReply(f.enc, frame)
	if err != nil {
		f.t.Error(err)
	}
	return r, err == nil
}
