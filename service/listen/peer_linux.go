package listen

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/registry"
)

// maxPath is the longest path of a socket in bytes: sun_path has 108, one of
// them for the NUL (unix(7)).
const maxPath = 107

// credentials returns the peer of the socket fd and its primary group
// (SO_PEERCRED).
func credentials(fd int) (peer registry.Peer, gid int, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return registry.Peer{}, 0, err
	}
	return registry.Peer{UID: int(cred.Uid), PID: int(cred.Pid)}, int(cred.Gid), nil
}

// inGroup reports whether gid is among the supplementary groups of the peer of
// the socket fd (SO_PEERGROUPS, since Linux 4.13).
func inGroup(fd, gid int) (bool, error) {
	groups := make([]uint32, 64) // more than most have
	for {
		size := uint32(len(groups)) * uint32(unsafe.Sizeof(groups[0]))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		n := int(size) / int(unsafe.Sizeof(groups[0]))
		switch {
		case errno == 0:
			return slices.Contains(groups[:n], uint32(gid)), nil
		case errno == unix.ERANGE && n > len(groups): // the kernel has set the size needed
			groups = make([]uint32, n)
		default:
			return false, errno
		}
	}
}
