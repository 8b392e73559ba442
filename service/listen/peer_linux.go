package listen

import (
	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/registry"
)

// maxPath is the longest path of a socket in bytes: sun_path has 108, one of
// them for the NUL (unix(7)).
const maxPath = 107

func credentials(fd int) (registry.Peer, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return registry.Peer{}, err
	}
	return registry.Peer{UID: int(cred.Uid), PID: int(cred.Pid)}, nil
}
