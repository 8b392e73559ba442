package server_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// FuzzConversation has a client do anything in any order: call, subscribe,
// cancel, send garbage, split its messages, read or not, and leave in one way
// or another, while events are published and calls are held or let go. Every
// message gets one answer, every subscription what it asked for in order and
// one end, and nothing is left.
func FuzzConversation(f *testing.F) {
	goroutines := 0
	f.Fuzz(func(t *testing.T, cbor bool, script []byte) {
		if len(script) > 400 {
			return // shorter ones reach as much
		}
		enc := protocol.JSON
		if cbor {
			enc = protocol.CBOR
		}
		c := newConversation(t, enc)
		c.follow(script)
		c.finish()
		c.check()
		settle(t, &goroutines)
	})
}

// A talk is one connection of the fuzzer's to a server of its own.
type conversation struct {
	t      *testing.T
	enc    protocol.Encoding
	inst   *instance
	srv    *server.Server
	conn   *net.UnixConn
	served sync.WaitGroup
	frames *protocol.FrameReader

	script []byte
	piece  int // the next message is written in pieces of so many bytes; 0: whole

	sent int // bytes since calls that are held were last let go

	due      int  // answers that must come
	abrupt   bool // the client went without reading to the end
	progress bool // updates that may be coalesced were published
	got      []*protocol.Reply
}

func newConversation(t *testing.T, enc protocol.Encoding) *conversation {
	limits := config.Default().Limits
	limits.Calls, limits.Subscriptions = 4, 3
	limits.RequestMemory = 1 // one long request at a time: what is not given back is missed at once
	k := &conversation{t: t, enc: enc, inst: newInstance()}
	k.srv = server.New(server.Options{
		Limits:   limits,
		Hello:    func(server.Instance) protocol.HelloReply { return protocol.HelloReply{Protocol: 1} },
		Shutdown: func() {}, Log: zerolog.Nop(),
	})
	var there *net.UnixConn
	k.conn, there = socketPair(t)
	k.served.Go(func() { k.srv.ServeConn(there, k.inst, registry.Peer{}) })
	_ = k.conn.SetDeadline(time.Now().Add(patience))
	k.frames = protocol.NewFrameReader(k.conn, enc, nil)
	k.send(protocol.Request{Type: protocol.TypePing}) // whose first byte picks the encoding
	return k
}

// arg takes the next byte of the script.
func (k *conversation) arg() int {
	if len(k.script) == 0 {
		return 0
	}
	b := k.script[0]
	k.script = k.script[1:]
	return int(b)
}

// id returns one of a few ids, so that they are often in use.
func (k *conversation) id() uint64 { return uint64(k.arg() % 6) }

func (k *conversation) follow(script []byte) {
	k.script = script
	for len(k.script) > 0 {
		switch k.arg() % 16 {
		case 0:
			k.send(protocol.Request{Type: protocol.TypePing, ID: k.id()})
		case 1: // at once
			k.call(protocol.Request{Method: "test.echo", Payload: k.text()})
		case 2: // on a goroutine
			k.call(protocol.Request{Method: "test.trace"})
		case 3: // until it is let go
			k.call(protocol.Request{Method: "test.block", TimeoutMS: uint64(k.arg() % 3)})
		case 4:
			k.letGo()
		case 5:
			k.send(protocol.Request{Type: protocol.TypeCancel, ID: k.id(), Target: 1 + k.id()})
		case 6:
			k.subscribe()
		case 7:
			k.send(protocol.Request{Type: protocol.TypeUnsubscribe, ID: k.id(), Target: 1 + k.id()})
		case 8:
			k.publish(api.LocationUpdated.New(api.LocationEvent{Path: "/a"}))
		case 9:
			k.progress = true
			k.publish(protocol.Event{Type: api.JobUpdate.Type, JobID: protocol.ID{1}, Data: protocol.ValueOf(api.JobEvent{Status: api.JobRunning})})
		case 10:
			k.raw()
		case 11:
			k.piece = 1 + k.arg()
		case 12:
			k.call(protocol.Request{Type: protocol.TypeAction, Method: []string{"test.panic", "test.bad_output", "nope"}[k.arg()%3]})
		case 13:
			k.send(protocol.Request{Type: protocol.TypeHello, ID: k.id(), Hello: &protocol.HelloRequest{Protocol: []uint64{uint64(k.arg() % 3), 2}}})
		case 14:
			k.long()
		case 15:
			k.sync()
		}
	}
}

func (k *conversation) call(r protocol.Request) {
	if r.Type == "" {
		r.Type = protocol.TypeQuery
	}
	r.ID = k.id()
	k.send(r)
}

// text returns a payload, or one that does not fit.
func (k *conversation) text() []byte {
	var payload any = textInput{Text: strings.Repeat("é", k.arg())}
	switch k.arg() % 4 {
	case 1:
		payload = map[string]int{"text": 1}
	case 2:
		payload = map[string]string{"txet": ""}
	}
	encoded, err := k.enc.Marshal(payload)
	if err != nil {
		k.t.Fatal(err)
	}
	return encoded
}

func (k *conversation) letGo() {
	select {
	case k.inst.release <- struct{}{}:
	default:
	}
}

func (k *conversation) subscribe() {
	r := &protocol.SubscribeRequest{HeartbeatMS: uint64(k.arg() % 2)}
	seq := uint64(k.arg() % 8)
	switch k.arg() % 4 {
	case 1:
		r.After = &protocol.Position{BootID: k.inst.bus.BootID(), Seq: seq}
	case 2:
		r.After = &protocol.Position{BootID: protocol.ID{9}, Seq: seq}
	case 3:
		r.EventTypes = []protocol.EventType{"Nope"}
	}
	k.send(protocol.Request{Type: protocol.TypeSubscribe, ID: k.id(), Subscribe: r})
}

func (k *conversation) publish(ev protocol.Event) {
	for range k.arg() {
		k.inst.bus.Publish(ev)
	}
}

// send sends a message that must be answered.
func (k *conversation) send(r protocol.Request) {
	msg, err := r.Append(nil, k.enc)
	if err != nil {
		k.t.Fatal(err)
	}
	k.due++
	k.write(msg)
}

// raw sends a message of bytes from the script.
func (k *conversation) raw() {
	n := min(k.arg()%64, len(k.script))
	body := bytes.ReplaceAll(k.script[:n], []byte("\n"), []byte(" "))
	k.script = k.script[n:]
	if bytes.Contains(body, []byte("test.")) {
		return // would block, or answer at length
	}
	if k.enc == protocol.CBOR {
		k.due++
		k.write(append(binary.BigEndian.AppendUint32(nil, uint32(n)), body...))
		return
	}
	if len(bytes.Trim(body, " \t\r")) > 0 {
		k.due++
	}
	k.write(append(body, '\n'))
}

// long sends a message that needs some of what is allowed for long requests.
func (k *conversation) long() {
	k.due++
	filler := strings.Repeat(" ", 70<<10+k.arg())
	if k.enc == protocol.CBOR {
		k.write(append(binary.BigEndian.AppendUint32(nil, uint32(len(filler))), filler...))
		return
	}
	k.write([]byte(`{"type":"ping"` + filler + "}\n"))
}

func (k *conversation) write(msg []byte) {
	size := len(msg)
	if k.piece > 0 {
		size, k.piece = max(k.piece, len(msg)/64), 0
	}
	// A server with all calls in flight reads no further, and a client that
	// holds them must not write more than the kernel keeps.
	if k.sent += len(msg); k.sent > 64<<10 {
		defer k.lettingGo()()
	}
	for len(msg) > 0 {
		n := min(size, len(msg))
		if _, err := k.conn.Write(msg[:n]); err != nil {
			k.t.Fatalf("cannot write: %v", err)
		}
		msg = msg[n:]
		if len(msg) > 0 {
			runtime.Gosched()
		}
	}
}

// sync waits until all that was sent has been answered. Calls that are held
// are let go meanwhile.
func (k *conversation) sync() {
	defer k.lettingGo()()
	for k.answers() < k.due {
		if err := k.receive(); err != nil {
			k.t.Fatalf("%d of %d answers, then: %v", k.answers(), k.due, err)
		}
	}
	k.sent = 0
}

// lettingGo lets go all calls that are held or come to be, until stop.
func (k *conversation) lettingGo() (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case k.inst.release <- struct{}{}:
			case <-done:
				return
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

func (k *conversation) answers() (n int) {
	for _, r := range k.got {
		switch r.Type {
		case protocol.TypeEvent, protocol.TypeGap, protocol.TypeHeartbeat, protocol.TypeEnd:
		default:
			n++
		}
	}
	return n
}

// receive reads one message.
func (k *conversation) receive() error {
	frame, err := k.frames.Next()
	if err != nil {
		return err
	}
	r, err := protocol.ParseReply(k.enc, frame)
	if err != nil {
		k.t.Fatalf("%q is no message: %v", frame, err)
	}
	k.got = append(k.got, r)
	return nil
}

// finish leaves: with a half-close, with half a message and a half-close, or
// at once.
func (k *conversation) finish() {
	defer k.conn.Close()
	switch k.due % 3 {
	case 1:
		k.due++
		k.write(map[protocol.Encoding][]byte{protocol.JSON: []byte(`{"type":`), protocol.CBOR: {0, 0, 0, 9, 0xa1}}[k.enc])
	case 2:
		k.abrupt = true
		k.conn.Close()
	}
	if !k.abrupt {
		if err := k.conn.CloseWrite(); err != nil {
			k.t.Fatal(err)
		}
	}
	close(k.inst.release)
	for !k.abrupt {
		if err := k.receive(); err == io.EOF {
			break
		} else if err != nil && !errors.Is(err, syscall.ECONNRESET) {
			k.t.Fatalf("%d of %d answers, then: %v", k.answers(), k.due, err)
		}
	}
	k.served.Wait()
}

func (k *conversation) check() {
	if n := k.inst.bus.Subscriptions(); n != 0 {
		k.t.Fatalf("%d subscriptions are left", n)
	}
	if n := k.srv.Connections(); n != 0 {
		k.t.Fatalf("%d connections are left", n)
	}
	if k.abrupt {
		return
	}
	if n := k.answers(); n != k.due {
		k.t.Fatalf("%d answers to %d messages", n, k.due)
	}
	open := make(map[uint64]uint64)   // the number that each subscription's next event comes after
	future := make(map[uint64]uint64) // the last number of a future gap, by subscription
	nameless := 0                     // subscriptions of id 0, of which there may be several
	for _, r := range k.got {
		if r.ID == 0 {
			switch r.Type {
			case protocol.TypeSubscribed:
				nameless++
			case protocol.TypeEnd:
				nameless--
			}
			continue
		}
		at, subscribed := open[r.ID]
		switch r.Type {
		case protocol.TypeSubscribed:
			if subscribed {
				k.t.Fatalf("%d is subscribed twice", r.ID)
			}
			var p protocol.Position
			if err := r.Payload.Decode(&p); err != nil {
				k.t.Fatal(err)
			}
			open[r.ID] = p.Seq
			continue
		case protocol.TypeEvent, protocol.TypeGap, protocol.TypeHeartbeat, protocol.TypeEnd:
			if !subscribed {
				k.t.Fatalf("%s for %d, which is not subscribed, in %s", r.Type, r.ID, k.summary(r.ID))
			}
		}
		switch r.Type {
		case protocol.TypeEvent:
			if r.Event.Seq != at+1 && r.Event.Seq != future[r.ID]+1 && !k.progress || r.Event.Seq <= at {
				k.t.Fatalf("%d: event %d after %d", r.ID, r.Event.Seq, at)
			}
			open[r.ID] = r.Event.Seq
		case protocol.TypeGap:
			k.checkGap(r, at)
			if r.Gap.Reason == protocol.GapFuture {
				future[r.ID] = r.Gap.To // unless they overflow, those numbers come
			} else {
				open[r.ID] = r.Gap.To
			}
		case protocol.TypeHeartbeat:
			if r.Seq < at {
				k.t.Fatalf("%d: heartbeat %d after event %d", r.ID, r.Seq, at)
			}
		case protocol.TypeEnd:
			delete(open, r.ID)
			delete(future, r.ID)
		}
	}
	if len(open) > 0 || nameless != 0 {
		k.t.Fatalf("subscriptions without an end: %v, and %d of id 0", open, nameless)
	}
}

// summary tells the messages that a subscription got.
func (k *conversation) summary(id uint64) string {
	var b strings.Builder
	for _, r := range k.got {
		if r.ID == id {
			fmt.Fprintf(&b, " %s", r.Type)
			if r.Event != nil {
				fmt.Fprintf(&b, " %d", r.Event.Seq)
			}
		}
	}
	return b.String()
}

func (k *conversation) checkGap(r *protocol.Reply, at uint64) {
	g := r.Gap
	switch g.Reason {
	case protocol.GapOverflow:
		if g.From != at+1 && !k.progress || g.From <= at || g.To < g.From {
			k.t.Fatalf("%d: gap %+v after %d", r.ID, *g, at)
		}
	case protocol.GapRestarted: // and what overflowed before it was sent
		if g.From != 1 || g.To < at {
			k.t.Fatalf("%d: gap %+v after %d", r.ID, *g, at)
		}
	case protocol.GapFuture:
		if g.From != at+1 || g.To < g.From {
			k.t.Fatalf("%d: gap %+v after %d", r.ID, *g, at)
		}
	default:
		k.t.Fatalf("%d: gap %+v", r.ID, *g)
	}
}

// settle waits until there are no more goroutines than at the first time.
func settle(t *testing.T, first *int) {
	t.Helper()
	if *first == 0 {
		*first = runtime.NumGoroutine()
		return
	}
	const slack = 4 // the runtime's and the test's own come and go
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > *first+slack {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatal(fmt.Sprintf("%d goroutines, %d at first:\n", runtime.NumGoroutine(), *first), string(stacks[:runtime.Stack(stacks, true)]))
		}
		time.Sleep(time.Millisecond)
	}
}
