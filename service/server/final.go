package server

import (
	"errors"
	"io"
	"os"
	"time"
)

// firstTime is how long after it was accepted a connection may still send its
// first message during shutdown. A client that has just connected is about to
// send one, and would otherwise see an unexplained end of file.
const firstTime = time.Second

// finalRead is the state of reading during shutdown.
type finalRead struct {
	refused bool // the kernel refuses further data
	ended   bool // the peer had half-closed the connection before
}

// readFinal reads what the peer sent before the shutdown began, and then returns
// errShutdown. A message is either answered or the peer's write of it fails, so
// a client knows which of its calls were not made, and the connection is not
// reset because of unread data.
func (c *conn) readFinal(p []byte) (int, error) {
	for c.picked.Load() == 0 && !c.final.refused && !c.broken.Load() {
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
	if !c.final.refused {
		c.final.refused = true
		c.final.ended = refuseMore(c.nc)
	}
	n, err := tryRead(c.out.raw, p)
	c.bytesIn.Add(uint64(n))
	if n == 0 && (err == nil || err == io.EOF && !c.final.ended) {
		err = errShutdown
	}
	return n, err
}
