package main

import (
	"os"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/packaging"
)

// units returns the installed units that hold the socket of this run; false
// where there are none, where another socket is theirs, or where the person
// named the data folder or the socket, which leaves them alone.
func (a *app) units() (packaging.States, bool) {
	if a.explicit() || a.cli.Host != "" || a.cli.Standalone {
		return packaging.States{}, false
	}
	u, err := a.installedUnits()
	return u, err == nil && u.Socket.Load == "loaded" && sameSocket(u.Socket.Listen, a.socket())
}

// sameSocket reports whether both paths are one socket's, which need not be
// there: a folder on the way may have two names.
func sameSocket(a, b string) bool { return a == b || inRealFolder(a) == inRealFolder(b) }

// inRealFolder returns the path without links as far as its folders are there.
func inRealFolder(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	if dir == "" || name == "" {
		return path
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return filepath.Join(real, name)
	}
	return filepath.Join(inRealFolder(filepath.Clean(dir)), name)
}

// installedUnits returns the units of this run's instance, whatever socket
// they hold. It fails where there is no service manager, or none of the user's.
func (a *app) installedUnits() (packaging.States, error) {
	return packaging.StatesOf(a.unitOptions())
}

func (a *app) unitOptions() packaging.Options {
	return packaging.Options{Instance: a.instance(), System: a.system()}
}

// journaled reports whether the daemon of this run logs to the journal.
func (a *app) journaled() bool {
	u, ok := a.units()
	return ok && u.Manager == packaging.Systemd
}

// systemctl is how the person talks to the manager of the units.
func (a *app) systemctl() string {
	if a.system() {
		return a.sudo() + "systemctl"
	}
	return "systemctl --user"
}

// sudo begins a command about the machine's daemon that only root may give, for
// those who are not root, or are so only within sudo.
func (a *app) sudo() string {
	return only(a.system() && (os.Geteuid() != 0 || os.Getenv("SUDO_USER") != ""), "sudo ")
}

// restartOf is how the person has the manager restart a unit.
func (a *app) restartOf(unit string) string {
	if manager, err := packaging.Detect(); err == nil && manager == packaging.Systemd {
		return a.systemctl() + " restart " + unit
	}
	return a.sudo() + a.command("service", "restart")
}

// journalOf is how the person reads what it keeps.
func (a *app) journalOf() string {
	if a.system() {
		return "journalctl"
	}
	return "journalctl --user"
}
