package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// refuseMore makes the kernel refuse further writes of the peer with EPIPE, while
// data that has arrived can still be read (unix_shutdown in the kernel's
// net/unix/af_unix.c). It reports whether the peer had half-closed before.
func refuseMore(nc net.Conn) (ended bool) {
	raw := rawConn(nc)
	if raw == nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(poll, 0)
		ended = err == nil && n > 0 && poll[0].Revents&unix.POLLRDHUP != 0
		_ = unix.Shutdown(int(fd), unix.SHUT_RD) // fails only if the peer is gone
	})
	return ended
}
