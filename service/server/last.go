package server

import (
	"errors"
	"io"
	"os"
	"time"
)

// firstTime is how long after its beginning a connection is still given to send
// its first message while the daemon stops: a client that has connected is
// about to ask something, and would take the end for an answer.
const firstTime = time.Second

// last is how the reading of a connection ends while the daemon stops.
type last struct {
	refused bool // nothing more reaches the connection
	ended   bool // the peer had half-closed it before
}

// readLast reads what the peer sent before the daemon began to stop, and
// returns errShutdown after it. So a message is either answered, or the peer's
// write of it fails: a client knows which of its calls were not made, and the
// connection is not reset for something unread.
func (c *conn) readLast(p []byte) (int, error) {
	for c.picked.Load() == 0 && !c.last.refused && !c.broken.Load() {
		_ = c.nc.SetReadDeadline(c.since.Add(firstTime))
		n, err := c.nc.Read(p)
		c.bytesIn.Add(uint64(n))
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if time.Since(c.since) >= firstTime { // else it was stop's deadline
			break
		}
	}
	if c.out.raw == nil || c.broken.Load() {
		return 0, errShutdown
	}
	if !c.last.refused {
		c.last.refused = true
		c.last.ended = refuseMore(c.nc)
	}
	n, err := tryRead(c.out.raw, p)
	c.bytesIn.Add(uint64(n))
	if n == 0 && (err == nil || err == io.EOF && !c.last.ended) {
		err = errShutdown
	}
	return n, err
}
