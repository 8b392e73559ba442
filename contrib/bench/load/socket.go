package main

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// A socket is a blocking stream socket. Reads and writes are bare system calls:
// the runtime's poller, which a net.Conn goes through, would cost the client
// more than a quick server costs.
type socket int

// dial connects to a unix socket, or to host:port.
func dial(address string) (socket, error) {
	family, to := unix.AF_UNIX, unix.Sockaddr(&unix.SockaddrUnix{Name: address})
	if !strings.Contains(address, "/") {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return 0, err
		}
		family, to = unix.AF_INET, &unix.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	if family == unix.AF_INET {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return 0, err
		}
	}
	for {
		err := unix.Connect(fd, to)
		switch err {
		case nil:
			return socket(fd), nil
		case unix.EINTR, unix.EAGAIN: // a unix socket's backlog is full
			continue
		}
		_ = unix.Close(fd)
		return 0, fmt.Errorf("%s: %w", address, err)
	}
}

func (s socket) close() error { return unix.Close(int(s)) }

// write writes all of p.
func (s socket) write(p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(int(s), p)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// read reads what there is, at least a byte.
func (s socket) read(p []byte) ([]byte, error) {
	for {
		n, err := unix.Read(int(s), p)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return nil, errClosed
		}
		return p[:n], nil
	}
}
