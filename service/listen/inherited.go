package listen

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Activated reports whether the service manager has handed sockets over.
func Activated() bool { return passed() > 0 }

// passed returns how many file descriptors are meant for this process.
func passed() int {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return 0
	}
	n, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	return n
}

// Inherited returns the listeners that the service manager has handed over
// (sd_listen_fds(3)), by name, none where it has not. It can be called once. A
// socket whose name is no instance's is returned with Refuse set. The error is
// of those that are no listening unix stream sockets, beside the others.
func Inherited() (all []*Listener, err error) {
	want := passed()
	byName, err := activation.ListenersWithNames()
	if err != nil {
		return nil, err
	}
	var bad []error
	for name, listeners := range byName {
		for _, ln := range listeners {
			want--
			unix, ok := ln.(*net.UnixListener)
			if !ok || unix.Addr().Network() != "unix" {
				bad = append(bad, fmt.Errorf("the socket named %q that was handed over is %v, not a listening unix stream socket (ListenStream= with a path)", name, ln.Addr().Network()))
				continue
			}
			all = append(all, named(unix, name))
		}
	}
	if want > 0 {
		bad = append(bad, fmt.Errorf("%d of the file descriptors that were handed over are no listening sockets (Accept=yes is not supported)", want))
	}
	slices.SortFunc(all, func(a, b *Listener) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Path(), b.Path()))
	})
	return all, errors.Join(bad...)
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
