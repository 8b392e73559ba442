// Package listen makes the sockets that the daemon accepts on: those that
// systemd or launchd hands over (Inherited), else its own (Bind). It also tells
// who is at the other end of a connection, and whether that may be (Admission).
package listen

import (
	"net"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
)

// Who made a listener's socket.
const (
	Systemd = "systemd"
	Launchd = "launchd"
	Own     = "own"
	Stdio   = "stdio" // no socket at all
)

// A Listener is a unix socket that connections to one instance come from.
type Listener struct {
	*net.UnixListener
	Instance string
	Origin   string
	Refuse   *protocol.Error // set: no connection from it can be served
	lock     *lockfile.Lock  // of an own socket
}

// Path returns the socket's path.
func (l *Listener) Path() protocol.Path {
	return protocol.Path(l.Addr().String())
}

// Close closes the listener. An own socket is removed, an inherited one is
// left: it belongs to its unit.
func (l *Listener) Close() error {
	err := l.UnixListener.Close()
	l.lock.Release()
	return err
}
