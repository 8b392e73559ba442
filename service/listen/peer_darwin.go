package listen

import (
	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/registry"
)

// maxPath is the longest path of a socket in bytes: sun_path has 104, one of
// them for the NUL (unix(4)).
const maxPath = 103

func credentials(fd int) (registry.Peer, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return registry.Peer{}, err
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0
	}
	return registry.Peer{UID: int(cred.Uid), PID: pid}, nil
}
