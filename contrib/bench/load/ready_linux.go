package main

import "golang.org/x/sys/unix"

// ready tells which of many connections can be read from, by epoll(7).
type ready struct {
	fd     int
	events []unix.EpollEvent
	which  []int
}

func newReady(all []*stream) (*ready, error) {
	fd, err := unix.EpollCreate1(0)
	if err != nil {
		return nil, err
	}
	for i, s := range all {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(s.socket), &ev); err != nil {
			return nil, err
		}
	}
	return &ready{fd: fd, events: make([]unix.EpollEvent, len(all))}, nil
}

// wait waits until there are some, and returns their places.
func (r *ready) wait() ([]int, error) {
	for {
		n, err := unix.EpollWait(r.fd, r.events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.which = r.which[:0]
		for _, ev := range r.events[:n] {
			r.which = append(r.which, int(ev.Fd))
		}
		return r.which, nil
	}
}
