package listen

import (
	"fmt"
	"math"
	"net"
	"os"
	"os/user"
	"strconv"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// An Admission says who may connect: the daemon's own user, root, and the
// members of a group if one is set. The zero value has no group.
type Admission struct {
	group string // as given to Admit; "" if none
	gid   int
}

// Admit returns an Admission with the group of the given name or number, or
// without a group for "". It returns an error if the group does not exist.
func Admit(group string) (Admission, error) {
	if group == "" {
		return Admission{}, nil
	}
	text := group
	if found, err := user.LookupGroup(group); err == nil {
		text = found.Gid
	}
	gid, err := strconv.ParseUint(text, 10, 32)
	if err != nil || gid == math.MaxUint32 { // -1 is not a valid gid
		return Admission{}, fmt.Errorf("admit_group: there is no group %q on this machine: sudo groupadd --system %s; one that is not in /etc/group is given by its number (getent group %s)", group, group, group)
	}
	return Admission{group: group, gid: int(gid)}, nil
}

// Group returns the group as given to Admit, "" if there is none.
func (a Admission) Group() string { return a.group }

// Peer returns the process at the other end of nc, according to the kernel. If a
// does not admit it the error has code PermissionDenied, and Peer holds what is
// known about it.
func (a Admission) Peer(nc net.Conn) (registry.Peer, error) {
	unix, ok := nc.(*net.UnixConn)
	if !ok {
		return nobody, unknown(fmt.Errorf("no unix socket: %T", nc))
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return nobody, unknown(err)
	}
	peer, admitted, credErr := nobody, false, error(nil)
	if err := raw.Control(func(fd uintptr) { peer, admitted, credErr = a.look(int(fd)) }); err != nil {
		return peer, unknown(err)
	}
	if credErr != nil {
		return peer, unknown(credErr)
	}
	if !admitted {
		return peer, a.refusal(peer)
	}
	return peer, nil
}

// look asks the kernel for the credentials of the peer of the socket fd. They
// are those of the moment when it connected: later changes of /etc/group or a
// reused pid have no effect.
func (a Admission) look(fd int) (peer registry.Peer, admitted bool, err error) {
	peer, gid, err := credentials(fd)
	if err != nil {
		return nobody, false, err
	}
	if peer.UID == os.Geteuid() || peer.UID == 0 {
		return peer, true, nil
	}
	if a.group == "" || gid == a.gid {
		return peer, a.group != "", nil
	}
	admitted, err = inGroup(fd, a.gid)
	return peer, admitted, err
}

// refusal returns the error for a peer that is not admitted, with a hint.
func (a Admission) refusal(peer registry.Peer) error {
	own := os.Geteuid()
	if a.group == "" {
		return protocol.Errorf(protocol.PermissionDenied, "this daemon serves user %d, and the connection comes from user %d", own, peer.UID).
			WithHint("run your own: spacedrive start")
	}
	name := ""
	if found, err := user.LookupId(strconv.Itoa(peer.UID)); err == nil {
		name = found.Username
	}
	return protocol.Errorf(protocol.PermissionDenied, "this daemon serves user %d and group %s, and the connection comes from user %d, who is not in that group", own, a.group, peer.UID).
		WithHint("%s", protocol.NotInGroup(a.group, name))
}

var nobody = registry.Peer{UID: -1}

// unknown returns the error for a peer whose credentials cannot be read.
func unknown(err error) error {
	return protocol.Errorf(protocol.PermissionDenied, "cannot learn who connects: %w", err)
}
