package client

import (
	"testing"

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
