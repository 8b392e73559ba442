package listen

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// fromLaunchd returns the sockets that launchd holds for this process: those in
// the Sockets of its plist named after the given instances, and the default
// instance's, because no other process would accept from it. activate is
// launch_activate_socket(3); it returns the descriptors of a name or an errno.
func fromLaunchd(instances []string, activate func(name string) ([]int, error)) (all []*Listener, err error) {
	names := slices.Clone(instances)
	if !slices.Contains(names, config.DefaultInstance) {
		names = append(names, config.DefaultInstance)
	}
	var bad []error
	for _, name := range names {
		fds, err := activate(name)
		switch {
		case err == nil:
		case errors.Is(err, syscall.ESRCH), errors.Is(err, syscall.ENOENT):
			// Not started by launchd, or no socket of that name. Which
			// errno means which differs between versions.
			continue
		case errors.Is(err, syscall.EALREADY):
			bad = append(bad, fmt.Errorf("launchd has handed the socket %q over before, and does so once: %w", name, err))
			continue
		default:
			bad = append(bad, fmt.Errorf("launchd does not hand the socket %q over: %w", name, err))
			continue
		}
		for _, fd := range fds {
			l, err := fromDescriptor(fd, name)
			if err != nil {
				bad = append(bad, err)
				continue
			}
			all = append(all, l)
		}
	}
	return all, errors.Join(bad...)
}

// fromDescriptor returns a Listener for a descriptor and takes ownership of it.
func fromDescriptor(fd int, name string) (*Listener, error) {
	syscall.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), name)
	if f == nil {
		return nil, fmt.Errorf("the socket named %q that was handed over is no descriptor: %d", name, fd)
	}
	defer f.Close()
	ln, err := net.FileListener(f) // duplicates fd, with close-on-exec
	if err != nil {
		return nil, fmt.Errorf("the socket named %q that was handed over is no listening unix stream socket: %w", name, err)
	}
	return adopt(ln, name, Launchd)
}
