package client

import (
	"errors"
	"io"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// eventServer sends so many events on every subscription, then does what
// then says.
func eventServer(events uint64, then func(p *peer, id uint64)) func(int, *peer) {
	return func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			switch {
			case p.answer(req):
			case req.Type == protocol.TypeSubscribe:
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{Seq: 100})
				for n := range events {
					p.event(req.ID, 101+n)
				}
				then(p, req.ID)
			case req.Type == protocol.TypeUnsubscribe:
				p.send(protocol.AppendPlain(nil, p.frames.Encoding(), protocol.TypeUnsubscribed, req.ID))
				p.send(protocol.AppendEnd(nil, p.frames.Encoding(), req.Target, "unsubscribed"))
			}
		}
	}
}

func TestSubscriptionDeliversInOrderAndEnds(t *testing.T) {
	c := dial(t, serve(t, eventServer(3, func(p *peer, id uint64) {
		enc := p.frames.Encoding()
		p.send(protocol.AppendGap(nil, enc, id, protocol.Gap{From: 104, To: 110, Reason: protocol.GapOverflow}))
		p.send(protocol.AppendHeartbeat(nil, enc, id, 111))
		p.send(protocol.AppendEnd(nil, enc, id, "shutdown"))
	})))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{HeartbeatMS: 5}, WithoutResume())
	if err != nil {
		t.Fatal(err)
	}
	if s.Position().Seq != 100 {
		t.Errorf("begins after %d", s.Position().Seq)
	}
	for want := uint64(101); want <= 103; want++ {
		if m, err := s.Next(soon(t)); err != nil || m.Event == nil || m.Event.Seq != want {
			t.Fatalf("got %+v, error %v; want event %d", m, err, want)
		}
	}
	if m, err := s.Next(soon(t)); err != nil || m.Gap == nil || m.Gap.To != 110 {
		t.Fatalf("got %+v, error %v; want a gap", m, err)
	}
	if m, err := s.Next(soon(t)); err != nil || !m.Heartbeat || m.Seq != 111 {
		t.Fatalf("got %+v, error %v; want a heartbeat", m, err)
	}
	for range 2 {
		if _, err := s.Next(soon(t)); !errors.Is(err, io.EOF) || s.Reason() != "shutdown" {
			t.Fatalf("the end is %v, reason %q", err, s.Reason())
		}
	}
}

func TestCallsAreAnsweredWhileASubscriberDoesNotRead(t *testing.T) {
	const events = maxQueued + 500
	c := dial(t, serve(t, eventServer(events, func(*peer, uint64) {})))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	// The answer stands behind all the events on the wire.
	if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil {
		t.Fatal(err)
	}
	m, err := s.Next(soon(t))
	if err != nil || m.Gap == nil || *m.Gap != (protocol.Gap{From: 101, To: 600, Reason: protocol.GapOverflow}) {
		t.Fatalf("got %+v, error %v; want a gap from 101 to 600", m, err)
	}
	ctx := soon(t)
	for want := uint64(601); want <= 100+events; want++ {
		if m, err := s.Next(ctx); err != nil || m.Event == nil || m.Event.Seq != want {
			t.Fatalf("got %+v, error %v; want event %d", m, err, want)
		}
	}
}

func TestWithoutResumeASubscriptionEndsWithItsConnection(t *testing.T) {
	c := dial(t, serve(t, eventServer(1, func(p *peer, _ uint64) { p.Close() })))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{}, WithoutResume())
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.Next(soon(t)); err != nil || m.Event == nil {
		t.Fatalf("got %+v, error %v; want the event that came before", m, err)
	}
	if _, err := s.Next(soon(t)); !protocol.HasCode(err, protocol.ReadError) {
		t.Errorf("the error is %v", err)
	}
}

func TestCloseUnsubscribes(t *testing.T) {
	c := dial(t, serve(t, eventServer(1, func(*peer, uint64) {})))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(soon(t)); !errors.Is(err, io.EOF) {
		t.Errorf("after Close, Next returns %v", err)
	}
	if err := c.Ping(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestStopDeliversWhatWasThere(t *testing.T) {
	c := dial(t, serve(t, eventServer(3, func(*peer, uint64) {})))
	s, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s.Stop()
	for want := uint64(101); want <= 103; want++ {
		if m, err := s.Next(soon(t)); err != nil || m.Event == nil || m.Event.Seq != want {
			t.Fatalf("got %+v, error %v; want event %d", m, err, want)
		}
	}
	if _, err := s.Next(soon(t)); !errors.Is(err, io.EOF) || s.Reason() != "unsubscribed" {
		t.Errorf("the end is %v, reason %q", err, s.Reason())
	}
}

func TestSubscribeIsRefused(t *testing.T) {
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if !p.answer(req) {
				p.fail(req.ID, protocol.Invalid("event_types.0", "no such type"))
			}
		}
	}))
	if _, err := c.Subscribe(soon(t), protocol.SubscribeRequest{}); !protocol.HasCode(err, protocol.Validation) {
		t.Errorf("the error is %v", err)
	}
}
