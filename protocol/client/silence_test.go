package client

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// hanging is a daemon that says nothing after the hello on its first
// connection, and answers on the next ones.
func hanging(t *testing.T) Target {
	target := serve(t, func(n int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			switch {
			case n == 1 && req.Type != protocol.TypeHello:
			case !p.answer(req):
				p.ok(req, api.Empty{})
			}
		}
	})
	target.Silence = 100 * time.Millisecond
	return target
}

func TestADaemonThatHangsIsGivenUp(t *testing.T) {
	t.Run("a query is asked once more", func(t *testing.T) {
		if _, err := Call(soon(t), dial(t, hanging(t)), api.CoreStatus, api.Empty{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("an action may have run", func(t *testing.T) {
		c := dial(t, hanging(t))
		_, err := Call(soon(t), c, api.LibrariesCreate, api.LibraryCreateInput{Name: "a"})
		var wire *protocol.Error
		if !errors.As(err, &wire) || wire.Details["reason"] != ReasonNoAnswer || wire.Details["may_have_run"] != true || !strings.Contains(wire.Message, "no sign of life within 100ms") {
			t.Errorf("the error is %#v", err)
		}
		if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil {
			t.Errorf("the next call: %v", err)
		}
	})
	t.Run("a shutdown is not asked for again", func(t *testing.T) {
		if err := dial(t, hanging(t)).Shutdown(soon(t)); Reason(err) != ReasonNoAnswer {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestACallThatTakesLongIsWaitedFor(t *testing.T) {
	const pings = 3
	var connections atomic.Int32
	target := serve(t, func(n int, p *peer) {
		connections.Store(int32(n))
		var slow protocol.Request
		for pinged := 0; ; {
			req, ok := p.next()
			if !ok {
				return
			}
			if req.Type == protocol.TypePing {
				pinged++
			}
			if !p.answer(req) {
				slow = req
			}
			if pinged == pings { // twice the time of silence, by the least
				p.ok(slow, api.Libraries{})
			}
		}
	})
	target.Silence = time.Second
	c := dial(t, target)
	if _, err := Call(soon(t), c, api.LibrariesList, api.Empty{}); err != nil || connections.Load() != 1 {
		t.Errorf("error %v, on connection %d", err, connections.Load())
	}
}
