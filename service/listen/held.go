package listen

import (
	"os"
	"runtime"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// manager returns the service manager that holds sockets on this machine, "" if
// none is known to: init scripts leave sockets to the daemon.
func manager() string {
	if runtime.GOOS == "darwin" {
		return Launchd
	}
	if _, err := os.Stat("/run/systemd/system"); err == nil { // sd_booted(3)
		return Systemd
	}
	return ""
}

// heldAdvice returns what to do if a process without the lock listens on an
// instance's socket. That is usually the service manager, which starts the
// daemon itself.
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
