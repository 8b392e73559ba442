package listen

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/registry"
)

// maxPath is the longest path of a socket in bytes: sun_path has 104, one of
// them for the NUL (unix(4)).
const maxPath = 103

// credentials returns the peer of the socket fd and its effective group
// (LOCAL_PEERCRED).
func credentials(fd int) (peer registry.Peer, gid int, err error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return registry.Peer{}, 0, err
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0
	}
	return registry.Peer{UID: int(cred.Uid), PID: pid}, int(cred.Groups[0]), nil
}

// inGroup reports whether gid is among the groups of the peer of the socket fd.
// The kernel's credential holds at most 16 groups; further ones, which directory
// services know, are not seen.
func inGroup(fd, gid int) (bool, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return false, err
	}
	n := min(max(int(cred.Ngroups), 0), len(cred.Groups))
	return slices.Contains(cred.Groups[:n], uint32(gid)), nil
}
