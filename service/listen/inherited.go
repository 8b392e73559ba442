package listen

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Inherited returns the listeners that the service manager has handed over
// (sd_listen_fds(3)), none where it has not. It can be called once. A socket
// that is not a listening unix stream socket is an error; one whose name is no
// instance's is returned with Refuse set.
func Inherited() ([]*Listener, error) {
	passed := 0
	if os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid()) {
		passed, _ = strconv.Atoi(os.Getenv("LISTEN_FDS"))
	}
	byName, err := activation.ListenersWithNames()
	if err != nil {
		return nil, err
	}
	var all []*Listener
	for name, listeners := range byName {
		for _, ln := range listeners {
			unix, ok := ln.(*net.UnixListener)
			if !ok || unix.Addr().Network() != "unix" {
				return nil, fmt.Errorf("the socket named %q that was handed over is %v, not a listening unix stream socket (ListenStream= with a path)", name, ln.Addr().Network())
			}
			all = append(all, named(unix, name))
		}
	}
	if len(all) != passed {
		return nil, fmt.Errorf("%d of the %d file descriptors that were handed over are not listening sockets (Accept=yes is not supported)", passed-len(all), passed)
	}
	return all, nil
}

// named makes a Listener of an inherited socket. Its name gives the instance.
func named(unix *net.UnixListener, name string) *Listener {
	unix.SetUnlinkOnClose(false)
	l := &Listener{UnixListener: unix, Origin: Systemd}
	instance, ok := InstanceOf(name)
	l.Instance = instance
	if !ok {
		l.Refuse = protocol.Errorf(protocol.CoreUnavailable, "the socket is named %q, and that names no instance", name).
			WithHint("set FileDescriptorName= in its unit to the instance's name, 1 to 32 of a-z, 0-9, _ and -, or leave it out")
	}
	return l
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
