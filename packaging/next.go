package packaging

import (
	"os"
	"os/user"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// next adds to the report what the user must do: enable the socket if it is not
// enabled, restart what runs with an older unit, join the group.
func (o Options) next(r *Report, before States) error {
	switch o.Manager {
	case Systemd:
		states, err := before, error(nil)
		if !o.DryRun {
			if states, err = StatesOf(o); err != nil {
				return err
			}
		}
		r.Next = systemdSteps(o, states)
	default:
		action := "start"
		if before.Service.Active == "active" || before.Socket.Active == "active" {
			action = "restart"
		}
		if len(r.Written) > 0 || action == "start" {
			r.Next = []string{Sudo(o.System) + "spacedrive " + only(o.System, "--system ") + "service " + action}
		}
	}
	if name := os.Getenv("SUDO_USER"); o.System && name != "" && name != "root" && !inGroup(name) {
		r.Next = append(r.Next, "sudo usermod -aG "+config.SystemGroup+" "+name+"   # then log in again")
	}
	return nil
}

// Sudo returns "sudo " where commands for the machine's service need root, and the
// user is not root or is so only by sudo.
func Sudo(system bool) string {
	return only(system && (os.Geteuid() != 0 || os.Getenv("SUDO_USER") != ""), "sudo ")
}

// Systemctl returns the command by which the user runs systemctl for the units of the
// machine, or for the user's own.
func Systemctl(system bool) string {
	return Sudo(system) + "systemctl" + only(!system, " --user")
}

func systemdSteps(o Options, states States) []string {
	systemctl := Systemctl(o.System) + " "
	socket, service := SocketUnit(o.Instance), ServiceUnit(o.Instance)
	var next []string
	if states.Socket.Active != "active" || states.Socket.Enabled != "enabled" {
		next = append(next, systemctl+"enable --now "+socket)
	}
	// Restarting the socket stops the service, which the next connection starts.
	switch {
	case states.Socket.older:
		next = append(next, systemctl+"restart "+socket)
	case states.Service.older:
		next = append(next, systemctl+"restart "+service)
	}
	return next
}

func inGroup(name string) bool {
	u, err := user.Lookup(name)
	if err != nil {
		return false
	}
	g, err := user.LookupGroup(config.SystemGroup)
	if err != nil {
		return false
	}
	ids, err := u.GroupIds()
	return err == nil && slices.Contains(ids, g.Gid)
}

func only(when bool, s string) string {
	if when {
		return s
	}
	return ""
}
