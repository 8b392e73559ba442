package listen

import (
	"os"
	"runtime"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// manager returns who holds sockets for services on this machine, "" where
// nobody is known to: an init script leaves that to the daemon.
func manager() string {
	if runtime.GOOS == "darwin" {
		return Launchd
	}
	if _, err := os.Stat("/run/systemd/system"); err == nil { // sd_booted(3)
		return Systemd
	}
	return ""
}

// heldAdvice says what to do about an instance's socket on which somebody
// listens who has no lock, as a service manager has none: it starts the daemon
// itself.
func heldAdvice(manager, path, instance string) string {
	machines := path == config.SystemSocketPath(instance)
	named := instance != "" && instance != config.DefaultInstance
	switch manager {
	case Systemd:
		systemctl, unit := "systemctl --user", "spacedrive.service"
		if machines {
			systemctl = "sudo systemctl"
		}
		if named {
			unit = "spacedrive@" + instance + ".service"
		}
		return "if that is systemd's socket unit, use it: " + systemctl + " start " + unit
	case Launchd:
		command := "spacedrive"
		if machines {
			command += " --system"
		}
		if named {
			command += " --instance " + instance
		}
		return "if that is launchd, use it: " + command + " status starts the daemon"
	}
	return "if that is a service manager, have it start the daemon; else stop who listens, or choose another path with --socket"
}
