// Package listen provides the sockets that the daemon accepts on: inherited from
// systemd or launchd (Inherited), or its own (Bind). It also identifies and
// checks the peers of connections (Admission).
package listen

import (
	"net"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
)

// The creators of a listener's socket.
const (
	Systemd = "systemd"
	Launchd = "launchd"
	Own     = "own"
	Stdio   = "stdio" // no socket at all
)

// A Listener is a unix socket that accepts connections to one instance.
type Listener struct {
	*net.UnixListener
	Instance string
	Origin   string
	Refuse   *protocol.Error // if set, the error for every connection
	lock     *lockfile.Lock  // nil for an inherited socket
}

// Path returns the socket's path.
func (l *Listener) Path() protocol.Path {
	return protocol.Path(l.Addr().String())
}

// Close closes the listener. It removes the daemon's own socket and leaves an
// inherited one, which belongs to its unit.
func (l *Listener) Close() error {
	err := l.UnixListener.Close()
	l.lock.Release()
	return err
}
