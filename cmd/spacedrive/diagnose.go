package main

import (
	"fmt"
	"strconv"

	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// diagnose prints, once, what is known of a daemon that takes a connection and
// says nothing, or nothing more: the state of its unit, its last log lines, and what to do.
func (a *app) diagnose() {
	if a.told || a.cli.JSON || a.cli.Host != "" || a.cli.Standalone {
		return
	}
	a.told = true
	a.term.message("The daemon at " + human.Clean(a.socket()) + " does not answer. What is known:")
	u, unit := a.units()
	if unit {
		for _, s := range []string{
			fmt.Sprintf("%s is %s (%s)", u.Socket.Name, u.Socket.Active, u.Socket.Sub),
			fmt.Sprintf("%s is %s (%s), pid %s, last result %s", u.Service.Name, u.Service.Active, u.Service.Sub, u.Service.PID, u.Service.Result),
		} {
			a.term.message("  " + human.Clean(s))
		}
	}
	from, lines, err := a.lastLog(5)
	switch {
	case err != nil:
		a.term.message("  there is no log: " + human.Clean(err.Error()))
	case len(lines) == 0:
		a.term.message("  " + human.Clean(from) + " is empty")
	default:
		a.term.message("  the last lines of " + human.Clean(from) + ":")
		for _, line := range lines {
			a.term.message("    " + human.Clean(line))
		}
	}
	if pid := a.socketHolder(); pid != 0 {
		a.term.message("  the daemon's process is " + strconv.Itoa(pid))
	}
	todo := "end the daemon's process, then: " + a.command("start")
	if unit {
		todo = a.restartOf(u.Service.Name)
	}
	if unit && u.Service.Active != "active" { // another start would end as the last
		todo = a.command("doctor") + " names the cause"
	}
	a.term.message("What to do: " + todo)
}
