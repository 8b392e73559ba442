package main

import (
	"fmt"
	"strconv"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// diagnose prints, once, what is known about a daemon that accepts a connection and
// does not answer: the state of its unit, its last log lines, and what to do.
func (a *app) diagnose() {
	if a.diagnosed || a.cli.JSON || a.cli.Host != "" || a.cli.Standalone {
		return
	}
	a.diagnosed = true
	a.term.message("The daemon at " + human.Clean(a.daemon.Socket) + " does not answer. What is known:")
	u, unit := a.units()
	if unit {
		for _, s := range []string{
			fmt.Sprintf("%s is %s (%s)", u.Socket.Name, u.Socket.Active, u.Socket.Sub),
			fmt.Sprintf("%s is %s (%s), pid %s, last result %s", u.Service.Name, u.Service.Active, u.Service.Sub, u.Service.PID, u.Service.Result),
		} {
			a.term.message("  " + human.Clean(s))
		}
	}
	log := a.daemon.Log()
	lines, err := log.Text(a.ctx, 5)
	switch {
	case err != nil:
		a.term.message("  there is no log: " + human.Clean(err.Error()))
	case len(lines) == 0:
		a.term.message("  " + human.Clean(log.String()) + " is empty")
	default:
		a.term.message("  the last lines of " + human.Clean(log.String()) + ":")
		for _, line := range lines {
			a.term.message("    " + human.Clean(line))
		}
	}
	if pid := a.daemon.SocketHolder(); pid != 0 {
		a.term.message("  the daemon's process is " + strconv.Itoa(pid))
	}
	todo := "end the daemon's process, then: " + a.command("start")
	if unit {
		todo = packaging.Sudo(a.daemon.System) + a.command("service", "restart")
	}
	if unit && u.Manager == packaging.Systemd {
		todo = a.daemon.Systemctl() + " restart " + u.Service.Name
	}
	if unit && u.Service.Active != "active" { // another start would fail as the last one did
		todo = a.command("doctor") + " names the cause"
	}
	a.term.message("What to do: " + todo)
}
