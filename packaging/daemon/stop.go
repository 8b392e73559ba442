package daemon

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// stopTimeout is how long the daemon may take to end: 5 s for running calls, as
// long for its jobs, and a margin.
const stopTimeout = 15 * time.Second

// Stop ends the daemon and waits until its process is gone, for 15 s at most. It
// returns the processes that it ended: none where none ran; two where the one
// that answered was not the one that had the data, which comes second.
//
// It never starts a daemon, even where a socket unit would. If the daemon runs but
// cannot be reached, because its socket was removed or because it speaks another
// version of the protocol, Stop sends SIGTERM.
func (d *Daemon) Stop(ctx context.Context) (pids []int, err error) {
	own, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if u, ok := d.Units(); ok && u.Socket.Active == "active" && !u.Service.Runs() {
		return d.endHolder(own) // connecting would start another
	}
	c, err := client.Dial(ctx, d.Target)
	switch {
	case client.Absent(err):
		return d.endHolder(own)
	case protocol.HasCode(err, protocol.ProtocolMismatch):
		return d.endForeign(own, err)
	case err != nil:
		return nil, err
	}
	pid, holder := c.Hello().Daemon.PID, d.DataHolder()
	err = c.Shutdown(own)
	if err == nil {
		select {
		case <-c.Done():
		case <-own.Done():
			err = stillThere(own, pid)
		}
	}
	_ = c.Close()
	if err == nil {
		err = awaitEnd(own, pid)
	}
	pids = []int{pid}
	if err == nil && holder != pid && holder != 0 && holder == d.DataHolder() { // not one that was started since
		var others []int
		others, err = d.endHolder(own)
		pids = append(pids, others...)
	}
	return pids, err
}

// endHolder ends the daemon that has the data, or the lock of the socket, and cannot be
// reached.
func (d *Daemon) endHolder(ctx context.Context) ([]int, error) {
	if d.SocketGiven {
		return nil, nil // the daemon that has the data is another one
	}
	pid := cmp.Or(d.DataHolder(), d.SocketHolder())
	if pid == 0 {
		return nil, nil
	}
	return []int{pid}, terminate(ctx, pid)
}

// endForeign ends a daemon that speaks another version of the protocol, and so
// takes no request. It returns why where that process is not known.
func (d *Daemon) endForeign(ctx context.Context, why error) ([]int, error) {
	if u, ok := d.Units(); ok && u.Service.Active == "active" {
		pid, _ := strconv.Atoi(u.Service.PID)
		return []int{pid}, packaging.Control(d.Options(), "stop")
	}
	pid := d.SocketHolder()
	if pid == 0 {
		return nil, why
	}
	return []int{pid}, terminate(ctx, pid)
}

func terminate(ctx context.Context, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return protocol.Errorf(protocol.OperationFailed, "cannot end the daemon (pid %d): %w", pid, err)
	}
	return awaitEnd(ctx, pid)
}

// awaitEnd waits for a process to be gone. A daemon closes its last connection
// shortly before its end, when it still has its lock. The end of a process that
// is not a child can only be polled.
func awaitEnd(ctx context.Context, pid int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !gone(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return stillThere(ctx, pid)
		}
	}
	return nil
}

// gone reports whether a process has ended, even if its parent has not waited
// for it yet.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	// The state follows the name, which stands in parentheses (proc(5)).
	_, state, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	return strings.HasPrefix(state, "Z")
}

func stillThere(ctx context.Context, pid int) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return protocol.Errorf(protocol.OperationFailed, "the daemon (pid %d) has not ended within %v", pid, stopTimeout).
		WithHint("spacedrive logs shows what it is doing; kill %d ends it, and what it did is kept", pid)
}
