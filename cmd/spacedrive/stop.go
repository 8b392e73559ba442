package main

import (
	"bytes"
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

type stopCmd struct {
	SocketUnit bool `help:"Stop the systemd socket unit too, so that no connection starts the daemon again. After 'stop', --socket without a path means this."`
}

// valueFlags are the global flags that take the next word.
var valueFlags = []string{"--instance", "--data-dir", "--socket", "--host", "--ssh", "--library", "--config", "--reconnect"}

// socketAfterStop makes the --socket of "stop --socket", which takes no path,
// the flag of stop: kong has one meaning for a flag on the whole line.
func socketAfterStop(args []string) []string {
	for i, arg := range args {
		if arg != "stop" || i > 0 && slices.Contains(valueFlags, args[i-1]) {
			continue
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
	if u, ok := a.units(); ok && u.Socket.Active == "active" && (u.Service.Active == "inactive" || u.Service.Active == "failed") {
		return 0, nil // to connect would start it
	}
	c, err := a.connect()
	if absent(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer a.close()
	pid := c.Hello().Daemon.PID
	ctx, cancel := context.WithTimeout(a.ctx, stopTimeout)
	defer cancel()
	if err := c.Shutdown(ctx); err != nil {
		return pid, err
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		return pid, stillThere(a, pid, ctx)
	}
	if a.cli.Host != "" {
		return pid, nil
	}
	// The connection ends shortly before the process, which still holds its
	// lock. No other event tells of a process that is not ours.
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !gone(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return pid, stillThere(a, pid, ctx)
		}
	}
	return pid, nil
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

func stillThere(a *app, pid int, ctx context.Context) error {
	if a.ctx.Err() != nil {
		return ctx.Err()
	}
	return protocol.Errorf(protocol.OperationFailed, "the daemon (pid %d) has not ended within %v", pid, stopTimeout).
		WithHint("spacedrive logs tells what it is doing; kill %d ends it, and what it did is kept", pid)
}

func formatPID(pid int) string { return strconv.Itoa(pid) }
