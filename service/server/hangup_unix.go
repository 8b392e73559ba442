package server

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

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

func rawConn(nc net.Conn) syscall.RawConn {
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

// tryWrite writes as much of b as the kernel takes at once, without waiting.
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
		return true // never wait
	})
	if err == unix.EAGAIN {
		err = nil
	}
	if ctlErr != nil {
		err = ctlErr
	}
	return n, err
}
