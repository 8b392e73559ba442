package listen

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Activated reports whether a service manager may have passed sockets. It is
// certain for systemd; launchd cannot be asked without taking the sockets.
func Activated() bool { return passed() > 0 || launchdJob() }

// Inherited returns the listeners that systemd or launchd has passed to this
// process, if any. Call it once. launchd is asked for the sockets of the default
// instance and of those named; systemd passes what its units say. A socket whose
// name is not an instance name is returned with Refuse set. The error describes
// passed descriptors that are not listening unix stream sockets; the other
// listeners are returned with it.
func Inherited(instances []string) ([]*Listener, error) {
	all, err := fromSystemd()
	if len(all) == 0 && err == nil {
		all, err = fromLaunchd(instances, activateSocket)
	}
	slices.SortFunc(all, func(a, b *Listener) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Path(), b.Path()))
	})
	return all, err
}

// adopt returns a Listener for a passed socket. The name gives the instance. A
// socket that cannot accept is closed.
func adopt(ln net.Listener, name, origin string) (*Listener, error) {
	if err := checkListening(ln); err != nil {
		ln.Close()
		return nil, fmt.Errorf("the socket named %q that was handed over is %w", name, err)
	}
	l := &Listener{UnixListener: ln.(*net.UnixListener), Origin: origin}
	l.SetUnlinkOnClose(false) // the path is the service manager's
	instance, ok := InstanceOf(name)
	l.Instance = instance
	if !ok {
		where := "FileDescriptorName= in its unit"
		if origin == Launchd {
			where = "its key under Sockets in the plist"
		}
		l.Refuse = protocol.Errorf(protocol.CoreUnavailable, "the socket is named %q, and that names no instance", name).
			WithHint("set %s to the instance's name, 1 to 32 of a-z, 0-9, _ and -, or %q", where, config.DefaultInstance)
	}
	return l, nil
}

// checkListening returns an error if ln is not a listening unix stream socket.
// Package net also makes listeners from connected sockets, which never accept.
func checkListening(ln net.Listener) error {
	own, ok := ln.(*net.UnixListener)
	if !ok || own.Addr().Network() != "unix" {
		return fmt.Errorf("%s, not a listening unix stream socket", ln.Addr().Network())
	}
	raw, err := own.SyscallConn()
	if err != nil {
		return err
	}
	listening, optErr := 0, error(nil)
	if err := raw.Control(func(fd uintptr) {
		listening, optErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	}); err != nil {
		return err
	}
	if optErr != nil {
		return optErr
	}
	if listening == 0 {
		return errors.New("a connection, not a listening socket (Accept=yes, or inetdCompatibility, is not supported)")
	}
	return nil
}

// InstanceOf returns the instance that an inherited socket of the given name
// serves, and whether the name is valid.
func InstanceOf(name string) (instance string, ok bool) {
	switch name {
	case "", "unknown", "connection", "spacedrive.socket":
		return config.DefaultInstance, true
	}
	if n, ok := strings.CutPrefix(name, "LISTEN_FD_"); ok {
		if _, err := strconv.Atoi(n); err == nil {
			return config.DefaultInstance, true
		}
	}
	if n, ok := strings.CutPrefix(name, "spacedrive@"); ok {
		if n, ok = strings.CutSuffix(n, ".socket"); ok {
			name = n
		}
	}
	return name, config.CheckInstanceName(name) == nil
}
