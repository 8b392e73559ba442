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

// Activated reports whether a service manager may have handed sockets over:
// systemd for certain, launchd as far as can be told without taking them.
func Activated() bool { return passed() > 0 || launchdJob() }

// Inherited returns the listeners that systemd or launchd has handed over, by
// instance, none where neither has. It can be called once. launchd is asked
// for the sockets of the instances named, and of the default one; systemd
// hands over what its units say. A socket whose name is no instance's is
// returned with Refuse set. The error is of those that are no listening unix
// stream sockets, beside the others.
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

// adopt makes a Listener of a socket that was handed over under a name, which
// gives the instance. A socket that cannot be accepted from is closed.
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

// checkListening says what ln is where it is no listening unix stream socket.
// Package net takes a connected one for a listener, too, and never accepts
// anything from it.
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
// serves, and whether the name gives one.
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
