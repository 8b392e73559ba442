//go:build !linux

package main

import "golang.org/x/sys/unix"

// ready tells which of many connections can be read from, by poll(2).
type ready struct {
	fds   []unix.PollFd
	which []int
}

func newReady(all []*stream) (*ready, error) {
	r := &ready{fds: make([]unix.PollFd, len(all))}
	for i, s := range all {
		r.fds[i] = unix.PollFd{Fd: int32(s.socket), Events: unix.POLLIN}
	}
	return r, nil
}

// wait waits until there are some, and returns their places.
func (r *ready) wait() ([]int, error) {
	for {
		_, err := unix.Poll(r.fds, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.which = r.which[:0]
		for i, fd := range r.fds {
			if fd.Revents != 0 {
				r.which = append(r.which, i)
			}
		}
		return r.which, nil
	}
}
