package server_test

import (
	"context"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// TestNoEventIsSilentlyLostByTheClient is TestNoEventIsSilentlyLost for who
// reads through protocol/client, which reconnects by itself: in
// one subscription, over any number of connections and starts of the daemon,
// every event comes once and in order, or a gap names it.
func TestNoEventIsSilentlyLostByTheClient(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStation(rt, t.TempDir())
		defer s.close()
		l := newClientListener(rt, s)
		defer l.client.Close()
		var background sync.WaitGroup
		defer background.Wait()
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"publish", "publish", "publish aside", "read", "drain", "restart"}).Draw(rt, "step") {
			case "publish":
				s.publish(drawBurst(rt))
			case "publish aside":
				b := drawBurst(rt)
				background.Go(func() { s.publish(b) })
			case "read":
				l.read(rapid.SampledFrom([]int{1, 10, 300, 3000}).Draw(rt, "messages"))
			case "drain":
				l.drain()
			case "restart":
				background.Wait()
				s.close()
				s.start()
			}
		}
		background.Wait()
		l.drain()
	})
}

// A clientListener is a listener that gets its messages from protocol/client.
type clientListener struct {
	*listener
	client *client.Client
	sub    *client.Subscription
	lost   bool
}

func newClientListener(rt *rapid.T, s *station) *clientListener {
	l := &clientListener{listener: newListener(rt, s, rapid.IntRange(0, 1).Draw(rt, "encoding"))}
	l.leave() // it has subscribed by itself
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	target := client.Socket(s.path)
	target.Encoding, target.HelloTimeout = l.enc, patience
	var err error
	if l.client, err = client.Dial(ctx, target); err != nil {
		rt.Fatal(err)
	}
	req := l.req
	req.After = &protocol.Position{BootID: s.boot()}
	if req.HeartbeatMS == 0 {
		req.HeartbeatMS = 3 // without, nothing would say that no event has followed
	}
	if l.sub, err = l.client.Subscribe(ctx, req); err != nil {
		rt.Fatal(err)
	}
	return l
}

func (l *clientListener) read(n int) {
	for ; n > 0 && !l.caughtUp(); n-- {
		l.step()
	}
}

func (l *clientListener) drain() {
	for !l.caughtUp() {
		l.step()
	}
	l.checkComplete()
}

// caughtUp reports whether all that was published by the daemon of the moment
// has come.
func (l *clientListener) caughtUp() bool {
	return l.at.BootID == l.s.boot() && l.first == "" && l.at.Seq >= l.s.seq()
}

func (l *clientListener) step() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := l.sub.Next(ctx)
	if err != nil {
		l.rt.Fatalf("after number %d of %d: %v", l.at.Seq, l.s.seq(), err)
	}
	if l.lost != (m.Resumed != nil) {
		l.rt.Fatalf("%+v comes, and the connection is lost: %v", m, l.lost)
	}
	switch {
	case m.Lost != nil:
		l.lost = true
		// What was on its way comes again without the count of what it
		// stood for.
		for job, seqs := range l.unseen {
			l.unknown[job] += len(seqs)
			l.unseen[job] = nil
		}
	case m.Resumed != nil:
		l.lost = false
		if !m.Resumed.Restarted {
			break
		}
		l.at, l.last, l.first = protocol.Position{BootID: l.s.boot()}, 0, protocol.GapRestarted
		clear(l.unseen)
		clear(l.unknown)
	case m.Event != nil:
		l.account(&protocol.Reply{ID: 1, Type: protocol.TypeEvent, Event: m.Event})
	case m.Gap != nil:
		gap := *m.Gap
		l.account(&protocol.Reply{ID: 1, Type: protocol.TypeGap, Gap: &gap})
	case m.Heartbeat:
		l.account(&protocol.Reply{ID: 1, Type: protocol.TypeHeartbeat, Seq: m.Seq})
	default:
		l.rt.Fatalf("%+v", m)
	}
}
