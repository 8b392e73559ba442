package client

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestADaemonThatStopsHandsItsLastConnectionOn(t *testing.T) {
	target := serve(t, func(n int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if n == 1 {
				p.fail(req.ID, protocol.Errorf(protocol.CoreUnavailable, "the daemon is stopping").With("reason", "stopping"))
				return
			}
			p.answer(req)
		}
	})
	if _, err := Call(soon(t), dial(t, target), api.CoreStatus, api.Empty{}); err != nil {
		t.Error(err)
	}
}

// A daemon that stops takes nothing more, and answers what it has taken. A call
// that finds it so waits for the next daemon, and costs the others no answer.
func TestADaemonThatTakesNothingMoreStillAnswers(t *testing.T) {
	refusing := make(chan struct{})
	target := serve(t, func(n int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if n > 1 || req.Type == protocol.TypeHello {
				p.answer(req)
				continue
			}
			if err := p.Conn.(*net.UnixConn).CloseRead(); err != nil {
				t.Error(err)
			}
			close(refusing)
			// The absence of the client's end cannot be waited for otherwise.
			time.Sleep(3 * refusalTimeout / 2)
			p.answer(req)
			return
		}
	})
	c := dial(t, target)
	first := make(chan error)
	go func() {
		_, err := c.call(context.Background(), protocol.Action, api.CoreStatus.Name, nil, nil)
		first <- err
	}()
	<-refusing
	// Never repeated once the daemon may have it.
	if _, err := c.call(soon(t), protocol.Action, api.CoreStatus.Name, nil, nil); err != nil {
		t.Errorf("the call that could not be written: %v", err)
	}
	if err := <-first; err != nil {
		t.Errorf("the call that the daemon had: %v", err)
	}
}

// A call that no daemon has received is taken to the next one, and the next.
func TestACallThatNobodyReceivedIsMade(t *testing.T) {
	target := serve(t, func(n int, p *peer) {
		req, _ := p.next()
		if n <= 3 {
			if err := p.Conn.(*net.UnixConn).CloseRead(); err != nil {
				t.Error(err)
			}
			p.answer(req)
			return
		}
		for ok := true; ok; req, ok = p.next() {
			p.answer(req)
		}
	})
	c := dial(t, target)
	if _, err := c.call(soon(t), protocol.Action, api.CoreStatus.Name, nil, nil); err != nil {
		t.Error(err)
	}
}

// Where to connect is to start the daemon again, a call beside a subscription
// does not do what BeforeRedial keeps the subscription from.
func TestACallDoesNotStartWhatWasStopped(t *testing.T) {
	target := serve(t, func(n int, p *peer) {
		if n > 1 {
			t.Error("it connected again")
		}
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if req.Type == protocol.TypeSubscribe {
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{BootID: protocol.NewID()})
				p.send(protocol.AppendEnd(nil, p.frames.Encoding(), req.ID, reasonShutdown))
				return
			}
			p.answer(req)
		}
	})
	target.BeforeRedial = func(ctx context.Context, stopped bool) error {
		<-ctx.Done()
		return ctx.Err()
	}
	c := dial(t, target)
	sub, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := sub.Next(soon(t))
	if err != nil || m.Lost == nil || !m.Lost.Stopped {
		t.Fatalf("it is told %+v, %v", m, err)
	}
	if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err == nil || !lost(err) {
		t.Errorf("the call ends with %v", err)
	}
}
