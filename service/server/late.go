package server

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// readLate reads after the time for the rest of a frame has passed. The daemon
// itself may have been stopped, or starved, while that came: the deadline hides
// it.
func (c *conn) readLate(p []byte) (n int, err error) {
	if c.out.raw != nil {
		n, err = tryRead(c.out.raw, p)
		c.bytesIn.Add(uint64(n))
	}
	if n == 0 && err == nil {
		err = errHalfFrame
	}
	return n, err
}

// tryRead reads what is there, without waiting, whatever the deadline: nothing
// is 0 bytes and no error. Only one goroutine may read.
func tryRead(raw syscall.RawConn, p []byte) (n int, err error) {
	ctlErr := raw.Control(func(fd uintptr) {
		for n, err = unix.Read(int(fd), p); err == unix.EINTR; {
			n, err = unix.Read(int(fd), p)
		}
	})
	switch {
	case ctlErr != nil:
		return 0, ctlErr
	case err == unix.EAGAIN:
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}
