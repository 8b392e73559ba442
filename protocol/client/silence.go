package client

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// silenceSteps is how many checks a silent connection survives. A ping is sent at
// the first, and the others leave time for its answer. With more than one of those,
// a program that was stopped itself (SIGSTOP), whose timers have all expired when
// it continues, still has time to read.
const silenceSteps = 3

// watchSilence cuts c when nothing arrives over it within limit, until stop is
// called. It does nothing if limit is 0.
func (c *conn) watchSilence(limit time.Duration) (stop func()) {
	if limit == 0 {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		tick := time.NewTicker(limit / silenceSteps)
		defer tick.Stop()
		for heard, checks := c.heard.Load(), 0; ; {
			select {
			case <-tick.C:
			case <-stopped:
				return
			case <-c.done:
				return
			}
			if now := c.heard.Load(); now != heard {
				heard, checks = now, 0
			} else if checks++; checks == 1 {
				c.later(&protocol.Request{Type: protocol.TypePing})
			} else if checks == silenceSteps {
				c.cut(protocol.Errorf(protocol.ReadError, "the daemon does not answer: no sign of life within %v", limit).
					With("reason", ReasonNoAnswer).WithHint("spacedrive doctor looks for the cause"))
				return
			}
		}
	}()
	return func() { close(stopped) }
}
