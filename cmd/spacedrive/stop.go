package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

var _ = register[stopCmd]("stop", groupRun)

type stopCmd struct {
	SocketUnit bool `help:"Stop the systemd socket unit too, so that no connection starts the daemon again. After 'stop', --socket without a path means this."`
}

// valueFlags are the global flags that take the next word.
var valueFlags = []string{"--instance", "--data-dir", "--socket", "--host", "--ssh", "--library", "--config", "--reconnect"}

// socketAfterStop makes the --socket of "stop --socket", which takes no path,
// the flag of stop: kong has one meaning for a flag on the whole line.
func socketAfterStop(args []string) []string {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") || i > 0 && slices.Contains(valueFlags, args[i-1]) {
			continue
		}
		if arg != "stop" {
			return args
		}
		out := append([]string(nil), args...)
		for j := i + 1; j < len(out); j++ {
			if out[j] == "--socket" && (j+1 == len(out) || strings.HasPrefix(out[j+1], "-")) {
				out[j] = "--socket-unit"
			}
		}
		return out
	}
	return args
}

// asTyped gives that flag the name that people know it by, for help and manual.
func asTyped(m *kong.Application) {
	for _, command := range m.Children {
		for _, f := range command.Flags {
			if f.Name == "socket-unit" {
				f.Name = "socket"
			}
		}
	}
}

func (c *stopCmd) Run(a *app) error {
	if a.cli.Standalone {
		return usage("a standalone daemon ends by itself")
	}
	u, unit := a.units()
	if c.SocketUnit && !unit {
		if _, lost := packaging.LostManager(); lost && !a.system() && !a.explicit() {
			if _, err := a.installedUnits(); err != nil {
				return err // there may be one
			}
		}
		return protocol.Errorf(protocol.NotFound, "no installed socket unit holds %s", a.socket()).
			WithHint("spacedrive stop, without --socket, stops the daemon")
	}
	if c.SocketUnit {
		// First, so that no connection starts again what is being stopped.
		if err := packaging.ControlSocket(a.unitOptions(), "stop"); err != nil {
			return err
		}
	}
	pid, err := a.stopDaemon()
	if err != nil {
		return err
	}
	if pid == 0 && !unit {
		return connectError{protocol.Errorf(protocol.ConnectionFailed, "the daemon is not running").With("reason", client.ReasonNotFound)}
	}
	result := stopResult{Stopped: pid != 0, PID: pid}
	if c.SocketUnit && u.Service.Active == "active" {
		result.Stopped = true // the unit took its service along
		result.PID, _ = strconv.Atoi(u.Service.PID)
	}
	if unit && !c.SocketUnit && u.Socket.Active == "active" {
		result.SocketUnit = u.Socket.Name
	}
	if a.cli.JSON {
		return a.term.printJSON(result)
	}
	switch {
	case pid != 0:
		a.term.printf("Stopped the daemon (pid %d).\n", pid)
	case c.SocketUnit && u.Service.Active == "active":
		a.term.printf("Stopped %s, and with it the daemon (pid %s).\n", u.Socket.Name, u.Service.PID)
	case c.SocketUnit:
		a.term.printf("Stopped %s; the daemon was not running.\n", u.Socket.Name)
	default:
		a.term.printf("The daemon is not running.\n")
	}
	if result.SocketUnit != "" {
		a.term.note("%s starts it again at the next connection; to stop that too: %s", result.SocketUnit, a.command("stop", "--socket"))
	}
	return nil
}

// stopResult is the document that --json prints.
type stopResult struct {
	Stopped    bool   `json:"stopped"` // false: it was not running
	PID        int    `json:"pid,omitzero"`
	SocketUnit string `json:"socket_unit,omitzero"` // the unit that would start it again
}

// stopTimeout is how long the daemon may take to end: 5 s for running calls
// and as long for its jobs, and a margin.
const stopTimeout = 15 * time.Second

// stopDaemon ends the daemon and waits until it is gone. It returns its pid, 0
// where none ran.
func (a *app) stopDaemon() (int, error) {
	ctx, cancel := context.WithTimeout(a.ctx, stopTimeout)
	defer cancel()
	if u, ok := a.units(); ok && u.Socket.Active == "active" && !u.Service.Runs() {
		return a.endHolder(ctx) // to connect would start another
	}
	c, err := a.connect()
	switch {
	case absent(err):
		return a.endHolder(ctx)
	case protocol.HasCode(err, protocol.ProtocolMismatch) && a.cli.Host == "":
		return a.endForeign(ctx, err)
	case err != nil:
		return 0, err
	}
	defer a.close()
	pid, holder := c.Hello().Daemon.PID, a.holder()
	if err := c.Shutdown(ctx); err != nil {
		return pid, err
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		return pid, a.stillThere(ctx, pid)
	}
	if a.cli.Host != "" {
		return pid, nil
	}
	if err := a.awaitEnd(ctx, pid); err != nil {
		return pid, err
	}
	if holder != pid && holder != 0 && holder == a.holder() { // and none that was started since
		if other, err := a.endHolder(ctx); other != 0 || err != nil {
			a.term.note("Stopped the daemon that had the data, too (pid %d).", other)
			return pid, err
		}
	}
	return pid, nil
}

// endHolder ends the daemon that has the data of this run, or its socket's lock,
// and that nobody reaches: its socket was removed, or a unit's has taken the
// place. It returns its pid, 0 for none.
func (a *app) endHolder(ctx context.Context) (int, error) {
	if a.cli.Host != "" || a.source("socket").given() {
		return 0, nil // another daemon is meant, whatever has the data
	}
	pid := cmp.Or(a.holder(), a.socketHolder())
	if pid == 0 {
		return 0, nil
	}
	return pid, a.terminate(ctx, pid)
}

// endForeign ends a daemon that speaks another version of the protocol, and so
// takes no request; where it cannot be told which process that is, the error is
// why it was to be.
func (a *app) endForeign(ctx context.Context, why error) (int, error) {
	if u, ok := a.units(); ok && u.Service.Active == "active" {
		pid, _ := strconv.Atoi(u.Service.PID)
		return pid, packaging.Control(a.unitOptions(), "stop")
	}
	pid := a.socketHolder()
	if pid == 0 {
		return 0, why
	}
	return pid, a.terminate(ctx, pid)
}

func (a *app) terminate(ctx context.Context, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return protocol.Errorf(protocol.OperationFailed, "cannot end the daemon (pid %d): %w", pid, err)
	}
	return a.awaitEnd(ctx, pid)
}

// awaitEnd waits for a daemon's process to be gone. Its last connection ends
// shortly before, and it still holds its lock. No other event tells of a process
// that is not ours.
func (a *app) awaitEnd(ctx context.Context, pid int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !gone(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return a.stillThere(ctx, pid)
		}
	}
	return nil
}

// gone reports whether a process has ended, be it that nobody has asked for
// its exit status yet.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + formatPID(pid) + "/stat")
	if err != nil {
		return false
	}
	// The state follows the name, which stands in parentheses (proc(5)).
	_, state, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	return strings.HasPrefix(state, "Z")
}

func (a *app) stillThere(ctx context.Context, pid int) error {
	if a.ctx.Err() != nil {
		return ctx.Err()
	}
	return protocol.Errorf(protocol.OperationFailed, "the daemon (pid %d) has not ended within %v", pid, stopTimeout).
		WithHint("spacedrive logs tells what it is doing; kill %d ends it, and what it did is kept", pid)
}

func formatPID(pid int) string { return strconv.Itoa(pid) }
