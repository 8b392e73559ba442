package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// environment compares the data folder of this run with the unit's: what is
// started here would be a second daemon, with other libraries.
func environment(f *Facts) Finding {
	unit, state := f.Units.Socket, Warning
	fix := f.Command("service", "install") + " && " + f.Systemctl() + " restart " + unit.Name
	switch {
	case !f.Elsewhere || f.Units.Manager != packaging.Systemd:
		return Finding{}
	case f.PlaceFrom == "flag":
		return find(OK, "", "%s listens on %s; this run is about %s", unit.Name, unit.Listen, f.Socket)
	case f.Variable != "":
		fix = "unset " + f.Variable + ", or have the unit follow: " + fix
	case f.PlaceFrom == "default":
		fix = fmt.Sprintf("put data_dir = %q into %s, or have the unit follow: %s", unit.DataDir(), f.SettingsFile, fix)
	}
	if f.DaemonErr != nil {
		state = Problem
	}
	return find(state, fix, "the data folder here is not the unit's: %s listens on %s, and this program looks at %s", unit.Name, unit.Listen, f.Socket)
}

func startLimit(f *Facts) Finding {
	socket, service := f.Units.Socket, f.Units.Service
	if socket.Result != "trigger-limit-hit" && socket.Result != "service-start-limit-hit" && service.Result != "start-limit-hit" {
		return Finding{}
	}
	return find(Problem, f.Systemctl()+" reset-failed "+socket.Name+" "+service.Name+" && "+f.Systemctl()+" start "+socket.Name,
		"systemd has given up: %s is %s (%s), %s is %s (%s)%s", socket.Name, socket.Active, socket.Result, service.Name, service.Active, service.Result, changes(service))
}

// changes names the drop-ins of a unit. As installed it has none.
func changes(u packaging.UnitState) string {
	if u.DropIns == "" {
		return ""
	}
	return "; it is changed by " + u.DropIns
}

func unit(f *Facts) Finding {
	u := f.Units
	socket, service := u.Socket, u.Service
	install, restart := f.Command("service", "install"), f.Systemctl()+" restart "+socket.Name
	_, programErr := os.Stat(service.Program)
	loops := strings.HasPrefix(service.Sub, "auto-restart") || service.Active == "activating" && service.Restarts != "" && service.Restarts != "0"
	runtime, lost := packaging.LostManager()
	switch {
	case f.UnitsErr != nil && lost && !f.System:
		return find(Warning, "export XDG_RUNTIME_DIR="+runtime+", or log in as yourself instead of by su or sudo",
			"your systemd runs, and this session does not know where: XDG_RUNTIME_DIR is %q", os.Getenv("XDG_RUNTIME_DIR"))
	case f.UnitsErr != nil:
		return find(Skipped, "", "%s", protocol.AsError(f.UnitsErr).Message)
	case !service.Installed() && f.System:
		return find(Problem, "sudo "+install, "%s is not installed", service.Name)
	case !service.Installed():
		return find(OK, "", "%s is not installed; '%s' has %s start the daemon", service.Name, install, u.Manager)
	case u.Manager != packaging.Systemd && service.Active != "active" && socket.Active != "active":
		return find(Warning, f.Command("service", "start"), "%s (%s) is %s", service.Name, service.File, service.Active)
	case u.Manager != packaging.Systemd:
		return find(OK, "", "%s (%s) is %s", service.Name, service.File, service.Active)
	case f.Elsewhere || startLimit(f).State != "":
		return Finding{} // other checks report it
	case socket.Load == "masked" || service.Load == "masked":
		return find(Problem, f.Systemctl()+" unmask "+socket.Name+" "+service.Name, "%s is %s and %s is %s: systemd starts neither", socket.Name, socket.Load, service.Name, service.Load)
	case socket.Load != "loaded" || service.Load != "loaded":
		return find(Problem, install+" && "+restart, "systemd has %s as %s and %s as %s%s", socket.Name, socket.Load, service.Name, service.Load, changes(service))
	case service.Program != "" && errors.Is(programErr, fs.ErrNotExist):
		return find(Problem, install+" && "+restart, "%s runs %s, which does not exist%s", service.Name, service.Program, changes(service))
	case service.Active == "failed" || loops:
		return find(Problem, f.Logs.ErrorsCommand()+"   # says why; then: "+f.Systemctl()+" reset-failed "+service.Name+" && "+restart,
			"%s fails (%s, status %s)%s", service.Name, service.Result, service.ExitStatus, changes(service))
	case socket.Unread:
		return find(Warning, f.Systemctl()+" daemon-reload && "+restart, "%s has changed on disk since systemd read it", socket.Name)
	case service.Unread: // the socket stays, and no connection is refused
		return find(Warning, f.Systemctl()+" daemon-reload && "+f.Systemctl()+" try-restart "+service.Name, "%s has changed on disk since systemd read it", service.Name)
	case socket.Active != "active" && f.DaemonErr != nil:
		return find(Problem, f.Systemctl()+" enable --now "+socket.Name, "%s is %s: it starts no daemon", socket.Name, socket.Active)
	case socket.Active != "active":
		return find(Warning, f.Systemctl()+" enable --now "+socket.Name, "%s is %s: it starts no daemon", socket.Name, socket.Active)
	case socket.Enabled != "enabled":
		return find(Warning, f.Systemctl()+" enable "+socket.Name, "%s listens now, and not after the next login or boot", socket.Name)
	}
	return find(OK, "", "%s listens; %s is %s", socket.Name, service.Name, service.Active)
}
