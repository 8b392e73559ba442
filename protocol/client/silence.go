package client

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// silenceSteps is how many looks there are at a connection until it is given
// up: a ping is sent at the first, and the others are left for its answer. With
// more than one of those, a program that was itself stopped (SIGSTOP), whose
// timers have all run out when it goes on, still takes its time to read.
const silenceSteps = 3

// watchSilence has c cut when nothing comes over it for too long, until the
// returned function is called.
func (c *conn) watchSilence() (stop func()) {
	if c.quiet == 0 {
		return func() {}
	}
	stopped := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		timer := time.NewTimer(c.quiet / silenceSteps)
		defer timer.Stop()
		for heard, looks := c.heard.Load(), 0; ; {
			select {
			case <-timer.C:
			case <-stopped:
				return
			}
			if now := c.heard.Load(); now != heard {
				heard, looks = now, 0
			} else if looks++; looks == 1 {
				c.later(&protocol.Request{Type: protocol.TypePing})
			} else if looks == silenceSteps {
				c.cut(protocol.Errorf(protocol.ReadError, "the daemon does not answer: no sign of life within %v", c.quiet).
					With("reason", ReasonNoAnswer).WithHint("spacedrive doctor looks for the cause"))
				return
			}
			timer.Reset(c.quiet / silenceSteps)
		}
	}()
	return func() {
		close(stopped)
		<-ended
	}
}
