package listen

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/coreos/go-systemd/v22/activation"
)

// passed returns the number of file descriptors that systemd passed to this
// process.
func passed() int {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return 0
	}
	n, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	return n
}

// fromSystemd returns the sockets that systemd passed (sd_listen_fds(3)).
func fromSystemd() (all []*Listener, err error) {
	want := passed()
	byName, err := activation.ListenersWithNames()
	if err != nil {
		return nil, err
	}
	var bad []error
	for name, listeners := range byName {
		for _, ln := range listeners {
			want--
			l, err := adopt(ln, name, Systemd)
			if err != nil {
				bad = append(bad, fmt.Errorf("%w; a socket unit for it has ListenStream= with a path", err))
				continue
			}
			all = append(all, l)
		}
	}
	if want > 0 {
		bad = append(bad, fmt.Errorf("%d of the file descriptors that were handed over are no listening sockets (Accept=yes is not supported)", want))
	}
	return all, errors.Join(bad...)
}
