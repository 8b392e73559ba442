//go:build !linux

package server

import "net"

// refuseMore does nothing: a BSD kernel throws away what it has taken when a
// socket is shut for reading (sorflush), and so that is read up to its end. What
// the peer writes just then may get no answer. It reports whether the end of
// what is read is the peer's.
func refuseMore(net.Conn) (ended bool) { return true }
