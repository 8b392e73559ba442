package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

var _ = register[stopCmd]("stop", groupRun)

type stopCmd struct {
	SocketUnit bool `env:"-" help:"Stop the systemd socket unit too, so that no connection starts the daemon again. After 'stop', --socket without a path means this."`
}

// valueFlags are the global flags that take the next word as their value.
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

// asTyped gives that flag the name that people type, for help and manual.
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
		if _, lost := packaging.LostManager(); lost && !a.daemon.System && !a.explicit() {
			if _, err := a.installedUnits(); err != nil {
				return err // there may be one
			}
		}
		return protocol.Errorf(protocol.NotFound, "no installed socket unit holds %s", a.daemon.Socket).
			WithHint("spacedrive stop, without --socket, stops the daemon")
	}
	if c.SocketUnit {
		// First, so that no connection starts again what is being stopped.
		if err := packaging.ControlSocket(a.daemon.Options(), "stop"); err != nil {
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
	byUnit := pid == 0 && c.SocketUnit && u.Service.Active == "active" // stopping the socket unit stopped its service
	if byUnit {
		pid, _ = strconv.Atoi(u.Service.PID)
	}
	result := stopResult{Stopped: pid != 0, PID: pid}
	if unit && !c.SocketUnit && u.Socket.Active == "active" {
		result.SocketUnit = u.Socket.Name
	}
	return a.term.show(result, func() {
		switch {
		case byUnit:
			a.term.printf("Stopped %s, and with it the daemon (pid %d).\n", u.Socket.Name, pid)
		case pid != 0:
			a.term.printf("Stopped the daemon (pid %d).\n", pid)
		case c.SocketUnit:
			a.term.printf("Stopped %s; the daemon was not running.\n", u.Socket.Name)
		default:
			a.term.printf("The daemon is not running.\n")
		}
		a.noteSocketUnit(result.SocketUnit)
	})
}

// noteSocketUnit says how to stop the unit that would start the daemon again, if
// there is one.
func (a *app) noteSocketUnit(name string) {
	if name != "" {
		a.term.note("%s starts it again at the next connection; to stop that too: %s", name, a.command("stop", "--socket"))
	}
}

// stopResult is the document that --json prints.
type stopResult struct {
	Stopped    bool   `json:"stopped"` // false: it was not running
	PID        int    `json:"pid,omitzero"`
	SocketUnit string `json:"socket_unit,omitzero"` // the unit that would start it again
}

// stopDaemon ends the daemon and waits until it is gone. It returns its pid, 0
// where none ran.
func (a *app) stopDaemon() (pid int, err error) {
	if a.cli.Host != "" {
		return a.stopRemote()
	}
	pids, err := a.daemon.Stop(a.ctx)
	if len(pids) > 1 && err == nil {
		a.term.note("Stopped the daemon that had the data, too (pid %d).", pids[1])
	}
	if protocol.HasCode(err, protocol.PermissionDenied) {
		err = connectError{err}
	}
	return append(pids, 0)[0], err
}

// stopRemote ends the daemon of another machine, whose process cannot be seen.
func (a *app) stopRemote() (pid int, err error) {
	c, err := a.connect()
	if client.Absent(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer a.close()
	if err := c.Shutdown(a.ctx); err != nil {
		return 0, err
	}
	select {
	case <-c.Done():
	case <-a.ctx.Done():
		return 0, a.ctx.Err()
	}
	return c.Hello().Daemon.PID, nil
}
