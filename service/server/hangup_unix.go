package server

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// queued reports whether ln's backlog has a connection.
func queued(ln net.Listener) (some bool) {
	raw := rawConn(ln)
	if raw == nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 0)
		some = err == nil && n > 0 && poll[0].Revents&unix.POLLIN != 0
	})
	return some
}

// hungUp reports whether the peer has closed both directions of nc.
func hungUp(nc net.Conn) (gone bool) {
	raw := rawConn(nc)
	if raw == nil {
		return false
	}
	err := raw.Control(func(fd uintptr) {
		poll := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(poll, 0)
		gone = err == nil && n > 0 && poll[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone || err != nil
}

func rawConn(nc any) syscall.RawConn {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// tryWrite writes as much of b as the kernel takes without blocking.
func tryWrite(raw syscall.RawConn, b []byte) (n int, err error) {
	ctlErr := raw.Write(func(fd uintptr) bool {
		for n < len(b) {
			var m int
			m, err = unix.Write(int(fd), b[n:])
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				break
			}
			n += m
		}
		return true // do not block
	})
	if err == unix.EAGAIN {
		err = nil
	}
	if ctlErr != nil {
		err = ctlErr
	}
	return n, err
}

// tryRead reads without blocking, whatever the deadline. If nothing has arrived
// it returns 0 bytes and no error. Only one goroutine may read.
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
