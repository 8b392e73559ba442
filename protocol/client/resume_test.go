package client

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// brokenOnce serves connections of which the first breaks after one event; the
// others are then's.
func brokenOnce(t *testing.T, then func(n int, p *peer, req protocol.Request)) Target {
	t.Helper()
	return serve(t, func(n int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			switch {
			case p.answer(req):
			case req.Type != protocol.TypeSubscribe:
			case n == 1:
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 100})
				p.event(req.ID, 101)
				return
			default:
				then(n, p, req)
			}
		}
	})
}

// expect reads one message and fails the test where it is not as wanted.
func expect(t *testing.T, s *Subscription, what string, wanted func(Message) bool) Message {
	t.Helper()
	m, err := s.Next(soon(t))
	if err != nil || !wanted(m) {
		t.Fatalf("got %+v, error %v; want %s", m, err, what)
	}
	return m
}

func isLost(m Message) bool    { return m.Lost != nil }
func isResumed(m Message) bool { return m.Resumed != nil }
func isEvent(seq uint64) func(Message) bool {
	return func(m Message) bool { return m.Event != nil && m.Event.Seq == seq }
}

func TestASubscriptionResumesAfterTheLastEvent(t *testing.T) {
	asked := make(chan protocol.SubscribeRequest, 1)
	c := dial(t, brokenOnce(t, func(_ int, p *peer, req protocol.Request) {
		asked <- *req.Subscribe
		p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 101})
		p.event(req.ID, 102)
	}))
	want := protocol.SubscribeRequest{
		EventTypes: []protocol.EventType{api.LocationUpdated.Type}, Filter: protocol.Filter{Path: "/a"},
		After: &protocol.Position{Seq: 100},
	}
	s, err := c.Subscribe(soon(t), want)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "event 101", isEvent(101))
	lost := expect(t, s, "word of the loss", isLost).Lost
	if !protocol.HasCode(lost.Err, protocol.ReadError) || lost.Stopped {
		t.Errorf("lost by %v, stopped: %v", lost.Err, lost.Stopped)
	}
	if m := expect(t, s, "word of the new connection", isResumed); m.Resumed.Restarted {
		t.Error("it says that the daemon was restarted")
	}
	expect(t, s, "event 102", isEvent(102))
	got := <-asked
	if got.After == nil || got.After.Seq != 101 || got.Filter != want.Filter || len(got.EventTypes) != 1 || got.HeartbeatMS == 0 {
		t.Errorf("asked for %+v", got)
	}
	if s.Position().Seq != 100 {
		t.Errorf("it began after %d", s.Position().Seq)
	}
}

func TestAnotherStartOfTheDaemonIsTold(t *testing.T) {
	boot := protocol.NewID()
	c := dial(t, brokenOnce(t, func(_ int, p *peer, req protocol.Request) {
		p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{BootID: boot, Seq: 5})
		p.send(protocol.AppendGap(nil, p.frames.Encoding(), req.ID, protocol.Gap{From: 1, To: 5, Reason: protocol.GapRestarted}))
		p.event(req.ID, 6)
	}))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "event 101", isEvent(101))
	expect(t, s, "word of the loss", isLost)
	expect(t, s, "word of the restart", func(m Message) bool { return m.Resumed != nil && m.Resumed.Restarted })
	expect(t, s, "the gap", func(m Message) bool { return m.Gap != nil && m.Gap.Reason == protocol.GapRestarted })
	expect(t, s, "event 6", isEvent(6))
}

func TestWhatWillNotHealIsHandedOver(t *testing.T) {
	for name, wire := range map[string]*protocol.Error{
		"the subscription is refused": protocol.Invalid("event_types.0", "no such type"),
		"the peer is refused":         protocol.Errorf(protocol.PermissionDenied, "another user's"),
		"no common protocol":          protocol.Errorf(protocol.ProtocolMismatch, "protocol 2 only"),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, brokenOnce(t, func(_ int, p *peer, req protocol.Request) { p.fail(req.ID, wire) }))
			s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, s, "event 101", isEvent(101))
			expect(t, s, "word of the loss", isLost)
			for range 2 {
				if m, err := s.Next(soon(t)); !protocol.HasCode(err, wire.Code) {
					t.Errorf("got %+v, error %v", m, err)
				}
			}
		})
	}
}

func TestWhatMayHealIsTriedAgain(t *testing.T) {
	var tries atomic.Int32
	c := dial(t, brokenOnce(t, func(n int, p *peer, req protocol.Request) {
		tries.Add(1)
		switch n {
		case 2:
			p.Close()
		case 3:
			p.fail(req.ID, protocol.Errorf(protocol.CoreUnavailable, "stopping"))
			p.Close()
		default:
			p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 101})
			p.event(req.ID, 102)
		}
	}))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "event 101", isEvent(101))
	expect(t, s, "word of the loss", isLost)
	expect(t, s, "word of the new connection", isResumed)
	expect(t, s, "event 102", isEvent(102))
	if tries.Load() != 3 {
		t.Errorf("%d tries", tries.Load())
	}
}

func TestGivingUp(t *testing.T) {
	gone := make(chan struct{})
	target := serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if !p.answer(req) {
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 100})
				<-gone
				return
			}
		}
	})
	target.GiveUpAfter = time.Second
	c := dial(t, target)
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(target.Socket); err != nil { // the daemon is gone for good
		t.Fatal(err)
	}
	close(gone)
	expect(t, s, "word of the loss", isLost)
	_, err = s.Next(soon(t))
	var wire *protocol.Error
	if !errors.As(err, &wire) || wire.Details["reason"] != ReasonNotFound || !strings.Contains(wire.Message, "no daemon for 1s") || !strings.Contains(wire.Hint, "spacedrive start") {
		t.Errorf("the error is %#v", err)
	}
}

func TestBeforeRedialIsAskedAndMayRefuse(t *testing.T) {
	refusal := errors.New("it was stopped on purpose")
	told := make(chan bool, 1)
	target := serve(t, eventServer(1, func(p *peer, id uint64) {
		p.send(protocol.AppendEnd(nil, p.frames.Encoding(), id, "shutdown"))
		p.Close()
	}))
	target.BeforeRedial = func(_ context.Context, stopped bool) error {
		told <- stopped
		return refusal
	}
	s, err := dial(t, target).Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "event 101", isEvent(101))
	expect(t, s, "word of the stop", func(m Message) bool { return m.Lost != nil && m.Lost.Stopped })
	if _, err := s.Next(soon(t)); !errors.Is(err, refusal) {
		t.Errorf("the error is %v", err)
	}
	if !<-told {
		t.Error("it was not told that the daemon has stopped")
	}
}

func TestSilenceIsTheEndOfAConnection(t *testing.T) {
	c := dial(t, serve(t, func(n int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if req.Type != protocol.TypePing && !p.answer(req) && req.Type == protocol.TypeSubscribe {
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 100})
				p.event(req.ID, 100+uint64(n)) // and then no answer to a ping
			}
		}
	}))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{HeartbeatMS: 10})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "event 101", isEvent(101))
	lost := expect(t, s, "word of the loss", isLost).Lost
	if !strings.Contains(lost.Err.Error(), "no sign of life") {
		t.Errorf("lost by %v", lost.Err)
	}
	expect(t, s, "word of the new connection", isResumed)
	expect(t, s, "event 102", isEvent(102))
}

func TestHeartbeatsOfItsOwnStayInside(t *testing.T) {
	c := dial(t, brokenOnce(t, func(_ int, p *peer, req protocol.Request) {
		p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 101})
		p.send(protocol.AppendHeartbeat(nil, p.frames.Encoding(), req.ID, 150))
		p.event(req.ID, 151)
		p.send(protocol.AppendEnd(nil, p.frames.Encoding(), req.ID, "of another kind"))
	}))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "event 101", isEvent(101))
	expect(t, s, "word of the loss", isLost)
	expect(t, s, "word of the new connection", isResumed)
	expect(t, s, "event 151", isEvent(151))
	if _, err := s.Next(soon(t)); !errors.Is(err, io.EOF) || s.Reason() != "of another kind" {
		t.Errorf("the end is %v, reason %q", err, s.Reason())
	}
}

func TestCloseWhileThereIsNoDaemon(t *testing.T) {
	for name, end := range map[string]func(*Client, *Subscription) error{
		"of the subscription": func(_ *Client, s *Subscription) error { return s.Close() },
		"of the client":       func(c *Client, _ *Subscription) error { return c.Close() },
		"stop":                func(_ *Client, s *Subscription) error { s.Stop(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			target := brokenOnce(t, func(_ int, p *peer, _ protocol.Request) { p.Close() })
			c := dial(t, target)
			s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, s, "event 101", isEvent(101))
			expect(t, s, "word of the loss", isLost)
			if err := end(c, s); err != nil {
				t.Fatal(err)
			}
			_, err = s.Next(soon(t))
			if ends := errors.Is(err, io.EOF) || protocol.HasCode(err, protocol.ConnectionFailed); !ends {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestSeveralSubscriptionsShareTheNewConnection(t *testing.T) {
	var connections atomic.Int32
	c := dial(t, serve(t, func(n int, p *peer) {
		connections.Store(int32(n))
		subscribed := 0
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if p.answer(req) || req.Type != protocol.TypeSubscribe {
				continue
			}
			p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 100})
			if subscribed++; subscribed == 3 && n == 1 {
				return
			}
			if n == 2 {
				p.event(req.ID, 101)
			}
		}
	}))
	var all []*Subscription
	for range 3 {
		s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	for _, s := range all {
		expect(t, s, "word of the loss", isLost)
		expect(t, s, "word of the new connection", isResumed)
		expect(t, s, "event 101", isEvent(101))
	}
	if connections.Load() != 2 {
		t.Errorf("%d connections were made, want one for all", connections.Load())
	}
	if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil {
		t.Error(err)
	}
}

func TestNoResumptionWhereTheStateIsLost(t *testing.T) {
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			switch {
			case p.answer(req):
			case req.Type == protocol.TypeSubscribe:
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 100})
			case req.Method == api.LibrariesSetCurrent.Method():
				p.ok(req, api.CurrentLibrary{})
				return
			}
		}
	}))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Call(soon(t), c, api.LibrariesSetCurrent, api.Empty{}, InLibrary(protocol.NewID())); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Next(soon(t)); !protocol.HasCode(err, protocol.ReadError) {
		t.Errorf("got %+v, error %v", m, err)
	}
}

func TestPausesGrowAndAreBounded(t *testing.T) {
	if d := pauseBefore(0, false); d != 0 {
		t.Errorf("the first attempt waits %v", d)
	}
	if d := pauseBefore(0, true); d < stoppedPause/2 || d > stoppedPause {
		t.Errorf("the first attempt after a stop waits %v", d)
	}
	for n := 1; n < 100; n++ {
		if d := pauseBefore(n, false); d < firstPause/2 || d > longestPause || n > 20 && d < longestPause/2 {
			t.Errorf("attempt %d waits %v", n, d)
		}
	}
}
