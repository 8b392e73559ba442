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

// An Admission says who may connect: the daemon's own user and root, and the
// members of a group where there is one. The zero value has none.
type Admission struct {
	group string // as it was named; "" for none
	gid   int
}

// Admit returns the admission of a group's members besides the daemon's own
// user and root. The group is given by its name or its number; "" admits no
// more. It is an error where there is no such group.
func Admit(group string) (Admission, error) {
	if group == "" {
		return Admission{}, nil
	}
	text := group
	if found, err := user.LookupGroup(group); err == nil {
		text = found.Gid
	}
	gid, err := strconv.ParseUint(text, 10, 32)
	if err != nil || gid == math.MaxUint32 { // -1 is no group's number
		return Admission{}, fmt.Errorf("admit_group: there is no group %q on this machine: sudo groupadd --system %s; one that is not in /etc/group is given by its number (getent group %s)", group, group, group)
	}
	return Admission{group: group, gid: int(gid)}, nil
}

// Group returns the group as it was named to Admit, "" where there is none.
func (a Admission) Group() string { return a.group }

// Peer returns who is at the other end of nc, by the kernel's word. It is an
// error, with code PermissionDenied, where that is nobody whom a admits; the
// Peer says all the same what could be learnt.
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

// look asks the kernel about the peer of the socket fd. All that it tells is
// as of the moment when the peer connected: nobody gets in, or is kept out,
// because /etc/group has changed since, or by another process with its pid.
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

// refusal says why peer is not admitted, and what to do about it.
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

// unknown refuses a peer of whom nothing can be learnt.
func unknown(err error) error {
	return protocol.Errorf(protocol.PermissionDenied, "cannot learn who connects: %w", err)
}
