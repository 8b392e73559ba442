package listen

import (
	"fmt"
	"net"
	"os"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// Peer returns who is at the other end of nc, by the kernel's word. It is an
// error, with code PermissionDenied, unless that is the daemon's own user or
// root.
func Peer(nc net.Conn) (registry.Peer, error) {
	unix, ok := nc.(*net.UnixConn)
	if !ok {
		return registry.Peer{}, unknown(fmt.Errorf("no unix socket: %T", nc))
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return registry.Peer{}, unknown(err)
	}
	var peer registry.Peer
	var credErr error
	if err := raw.Control(func(fd uintptr) { peer, credErr = credentials(int(fd)) }); err != nil {
		return peer, unknown(err)
	}
	if credErr != nil {
		return peer, unknown(credErr)
	}
	if own := os.Geteuid(); peer.UID != own && peer.UID != 0 {
		return peer, protocol.Errorf(protocol.PermissionDenied, "this daemon serves user %d, and the connection comes from user %d", own, peer.UID).
			WithHint("run your own: spacedrive start")
	}
	return peer, nil
}

// unknown refuses a peer of whom nothing can be learnt.
func unknown(err error) error {
	return protocol.Errorf(protocol.PermissionDenied, "cannot learn who connects: %w", err)
}
