package server_test

// Which test holds which limit. Those of this package drive the server, those
// of cmd/spacedrived the daemon as a process.
//
//	slow reader                    TestSubscribersWhoReadNothing, TestAPeerThatReadsNothing, TestAByteASecond
//	half a frame                   TestHalfAFrameIsNotWaitedForForEver, TestAByteASecond
//	10,000 connections tried       TestMoreConnectionsThanAreAllowed, TestTenThousandTriesAtAFullHouse (cmd/spacedrived)
//	128 calls in flight            TestOneSlowCallAmongMany, TestAFullHouseCanBeCancelled, TestTheCallBeyondTheLimitWaits
//	thousands of calls unread      TestThousandsOfCallsBeforeOneIsRead
//	1,000 subscribers              TestAThousandSubscribersOfWhomTenDoNotRead, TestMemoryOfSubscribersWhoReadNothing
//	gone in mid-reply              TestAPeerThatGoesInMidReply, TestAPeerThatHangsUpWhileNothingIsRead
//	a panic                        TestAPanicIsOneInternalError, TestAnswers
//	cancel and deadline            TestSearchEndsWithItsCall, TestACancelledScanStops (service/core), TestReadEndsWithItsContext (service/store)
//	shutdown under way             TestShutdown, TestACallThatDoesNotEndIsLeftBehind, TestDrainAndShutdownAtOnce, TestAShutdownAnswersWhatHasBeenSent
//	long answers unread            TestMemoryOfAnswersThatAreNotRead (cmd/spacedrived)
//	memory of requests             TestALongRequestThatNeverEnds, TestAPeerThatHangsUpWhileNothingIsRead
//	any bytes, any order           FuzzConnection, FuzzConversation, TestNothingIsLeftOfAStorm (cmd/spacedrived)

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// TestAByteASecond: who is slow but goes on is served, and who stands still is
// cut off when the time allowed is over, to the second.
func TestAByteASecond(t *testing.T) {
	limits := config.Default().Limits
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		request := protocol.Request{Type: protocol.TypeQuery, ID: 7, Method: "test.echo", TraceID: strings.Repeat("x", protocol.MaxTraceID)}
		msg, err := request.Append(nil, enc)
		if err != nil {
			t.Fatal(err)
		}
		if len(msg) < 2*int(limits.HalfFrameTimeout.Seconds()) {
			t.Fatal("the request is too short for the test")
		}
		t.Run(enc.String()+" request", func(t *testing.T) {
			bubble(t, limits, func(nc net.Conn, _ *instance) {
				for i := range msg {
					time.Sleep(time.Second)
					if _, err := nc.Write(msg[i : i+1]); err != nil {
						t.Fatalf("after %d of %d bytes: %v", i, len(msg), err)
					}
				}
				if r := next(t, nc, enc); r.ID != 7 || r.Type != protocol.TypeOK {
					t.Errorf("%+v", r)
				}
				time.Sleep(2 * limits.HalfFrameTimeout) // nothing is half any more
				if _, err := nc.Write(msg); err != nil {
					t.Fatal(err)
				}
				if r := next(t, nc, enc); r.ID != 7 || r.Type != protocol.TypeOK {
					t.Errorf("%+v", r)
				}
			})
		})
		t.Run(enc.String()+" half a request", func(t *testing.T) {
			bubble(t, limits, func(nc net.Conn, _ *instance) {
				if _, err := nc.Write(msg[:len(msg)/2]); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if r := next(t, nc, enc); r.Error == nil || r.Error.Code != protocol.InvalidRequest || r.ID != 0 {
					t.Errorf("%+v", r)
				}
				if took := time.Since(began); took != limits.HalfFrameTimeout {
					t.Errorf("cut off after %v", took)
				}
			})
		})
		t.Run(enc.String()+" answer", func(t *testing.T) {
			bubble(t, limits, func(nc net.Conn, _ *instance) {
				if _, err := nc.Write(msg); err != nil {
					t.Fatal(err)
				}
				var answer []byte
				for b := make([]byte, 1); enc == protocol.JSON && !bytes.HasSuffix(answer, []byte("\n")) || enc == protocol.CBOR && len(answer) < 20; {
					time.Sleep(time.Second)
					if _, err := nc.Read(b); err != nil {
						t.Fatalf("after %q: %v", answer, err)
					}
					answer = append(answer, b[0])
				}
			})
		})
		t.Run(enc.String()+" half an answer", func(t *testing.T) {
			bubble(t, limits, func(nc net.Conn, _ *instance) {
				if _, err := nc.Write(msg); err != nil {
					t.Fatal(err)
				}
				if _, err := nc.Read(make([]byte, 5)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2*limits.UnreadTimeout + time.Second)
				if rest, err := io.ReadAll(nc); err != nil || len(rest) > 0 {
					t.Errorf("after the time allowed come %q, %v", rest, err)
				}
			})
		})
	}
}

// bubble serves one connection in time of its own, and gives the other end to
// f. The server must have let go of it soon after f has.
func bubble(t *testing.T, limits config.Limits, f func(net.Conn, *instance)) {
	synctest.Test(t, func(t *testing.T) {
		inst := newInstance()
		srv := server.New(server.Options{Limits: limits, Log: zerolog.Nop()})
		here, there := net.Pipe()
		var served sync.WaitGroup
		served.Go(func() { srv.ServeConn(there, inst, registry.Peer{}) })
		f(here, inst)
		here.Close()
		served.Wait()
	})
}

// next returns the next message.
func next(t *testing.T, r io.Reader, enc protocol.Encoding) *protocol.Reply {
	t.Helper()
	frame, err := protocol.NewFrameReader(r, enc, nil).Next()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := protocol.ParseReply(enc, frame)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// TestOneSlowCallAmongMany: the others come and go, and it can be cancelled at
// any time.
func TestOneSlowCallAmongMany(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	limit := d.Limits().Calls
	c.send(`{"type":"query","id":1,"method":"test.block"}`)
	<-d.inst.blocked
	for round := range 3 {
		for i := 2; i <= limit; i++ {
			c.send(`{"type":"query","id":%d,"method":"test.block"}`, i)
			<-d.inst.blocked
		}
		// The house is full. The slow call must not be the one that is let
		// go, so the others are cancelled.
		for i := 2; i <= limit; i++ {
			c.send(`{"type":"cancel","id":1000,"target":%d}`, i)
		}
		for range 2 * (limit - 1) {
			if m := c.recv(); dig(m, "id") == "1" {
				t.Fatalf("round %d: the slow call ends: %v", round, m)
			}
		}
	}
	c.send(`{"type":"cancel","id":2,"target":1}`)
	seen := []map[string]any{c.recv(), c.recv()}
	for _, m := range seen {
		if dig(m, "id") == "1" && dig(m, "error.code") != "cancelled" || dig(m, "id") == "2" && dig(m, "payload.found") != "true" {
			t.Errorf("%v", m)
		}
	}
	c.send(`{"type":"query","id":1,"method":"test.echo"}`)
	c.want("id", "1", "type", "ok")
}

// TestAThousandSubscribersOfWhomTenDoNotRead: the others get every event that
// they ask for, though the ten, who ask for more, have long overflowed.
func TestAThousandSubscribersOfWhomTenDoNotRead(t *testing.T) {
	const readers, idlers, rounds, each, others = 990, 10, 3, 100, 9
	d := start(t)
	subscribed := func(types string) *conn {
		c := d.dial(t)
		c.send(`{"type":"subscribe","id":1%s}`, types)
		c.want("type", "subscribed")
		return c
	}
	var idle, open []*conn
	for range idlers {
		idle = append(idle, subscribed(""))
	}
	for range readers {
		open = append(open, subscribed(`,"event_types":["LocationUpdated"]`))
	}
	text := strings.Repeat("x", 400)
	for round := range rounds {
		for range each { // fewer than a queue holds
			for range others {
				d.inst.bus.Publish(api.LibraryOpened.New(api.LibraryEvent{Name: text}))
			}
			d.publish(text)
		}
		var wg sync.WaitGroup
		for n, c := range open {
			wg.Go(func() {
				_ = c.SetReadDeadline(time.Now().Add(patience))
				for i := range each {
					want := fmt.Sprintf(`{"type":"event","id":1,"event":{"seq":%d,`, (round*each+i+1)*(others+1))
					line, err := c.lines.ReadSlice('\n')
					if err != nil || !bytes.HasPrefix(line, []byte(want)) {
						t.Errorf("reader %d gets %.60q (%v), want %s", n, line, err, want)
						return
					}
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
	}
	for _, c := range idle {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		for m := c.recv(); dig(m, "type") != "gap"; m = c.recv() {
			if dig(m, "event.seq") == fmt.Sprint(rounds*each*(others+1)) {
				t.Fatal("who did not read has missed nothing: the test proves nothing")
			}
		}
	}
}

// TestMemoryOfSubscribersWhoReadNothing: what is published for them is not
// kept.
func TestMemoryOfSubscribersWhoReadNothing(t *testing.T) {
	const idlers, events, size, most = 10, 100_000, 2000, 64 << 20
	d := start(t)
	for range idlers {
		c := d.dial(t)
		c.send(`{"type":"subscribe","id":1}`)
		c.want("type", "subscribed")
	}
	before := heap()
	for i := range events {
		d.publish(fmt.Sprint(i, strings.Repeat("x", size)))
	}
	if grown := heap() - before; grown > most {
		t.Errorf("%d MB published to who do not read take %d MB of memory", events*size>>20, grown>>20)
	}
}

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestAPeerThatGoesInMidReply harms nobody and leaves nothing.
func TestAPeerThatGoesInMidReply(t *testing.T) {
	d := start(t)
	other := d.dial(t)
	for _, read := range []int{1, 1000, 300_000} { // within the first write, and beyond what the kernel takes
		c := d.dial(t)
		c.send(`{"type":"query","id":1,"method":"test.big","payload":{"size":8000000}}`)
		c.send(`{"type":"query","id":2,"method":"test.block"}`)
		c.send(`{"type":"subscribe","id":3}`)
		if _, err := io.ReadFull(c.lines, make([]byte, read)); err != nil {
			t.Fatal(err)
		}
		<-d.inst.blocked
		c.Close()
		other.send(`{"type":"query","id":1,"method":"test.trace"}`)
		other.want("id", "1", "type", "ok")
		waitFor(t, "the end of the connection", func() bool { return d.Connections() == 1 })
		waitFor(t, "the end of its subscription", func() bool { return d.inst.bus.Subscriptions() == 0 })
	}
}

// TestALongRequestThatNeverEnds holds its part of the memory for requests:
// other long ones share the rest, and short ones need none.
func TestALongRequestThatNeverEnds(t *testing.T) {
	d := start(t, func(o *server.Options) { o.Limits.RequestMemory = 3 * protocol.MaxFrame })
	const clients, requests = 12, 4
	holders := []*conn{d.dial(t), d.dial(t)}
	for _, h := range holders {
		h.send(`{"type":"ping"}`) // it is read before what follows
		h.want("type", "pong")
		fmt.Fprint(h, `{"type":"ping"`+strings.Repeat(" ", 1<<20))
	}
	long := []byte(`{"type":"query","id":1,"method":"test.echo","payload":{"text":"` + strings.Repeat("x", 1<<20) + `"}}` + "\n")
	var wg sync.WaitGroup
	for range clients {
		c := d.dial(t)
		wg.Go(func() {
			for range requests {
				if _, err := c.Write(long); err != nil {
					t.Error(err)
					return
				}
				if n, err := discardLine(c.lines); err != nil || n < len(long)-100 {
					t.Errorf("an answer of %d bytes, %v", n, err)
					return
				}
			}
		})
	}
	short := d.dial(t)
	for range 100 {
		short.send(`{"type":"ping"}`)
		short.want("type", "pong")
	}
	wg.Wait()
	for _, h := range holders {
		fmt.Fprintln(h, "}")
		h.want("type", "pong")
	}
}

func discardLine(r *bufio.Reader) (n int, err error) {
	for {
		part, err := r.ReadSlice('\n')
		n += len(part)
		if err != bufio.ErrBufferFull {
			return n, err
		}
	}
}
