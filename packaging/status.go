package packaging

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	kardianos "github.com/kardianos/service"
	"golang.org/x/sys/unix"
)

// States are the states of an instance's socket and its service. OpenRC and SysV
// have no socket of their own.
type States struct {
	Manager         Manager
	Socket, Service UnitState
}

// A UnitState is the state of one unit, in systemctl's words.
type UnitState struct {
	Name    string `json:"name"`
	Load    string `json:"load"`            // loaded, not-found, masked, bad-setting, …; "" for what the manager does not have
	Enabled string `json:"enabled"`         // enabled, disabled, indirect, …; "" when not found or not known
	Active  string `json:"active"`          // active, inactive, failed, activating, deactivating
	Sub     string `json:"sub"`             // listening, running, dead, auto-restart, …
	Result  string `json:"result"`          // success, or why the last run ended: watchdog, signal, …
	File    string `json:"file"`            // "" when not found
	PID     string `json:"pid,omitzero"`    // of a running service, else "0"
	Listen  string `json:"listen,omitzero"` // a socket's path

	Unread     bool   `json:"-"` // its file has changed since systemd read it
	Program    string `json:"-"` // that a service of systemd's runs
	ExitStatus string `json:"-"` // of a service's last run
	Restarts   string `json:"-"` // how often systemd has restarted it automatically
	DropIns    string `json:"-"` // the files that change it, as systemd lists them

	older bool // it has been running since before its file was written
}

// Installed reports whether the manager knows the unit.
func (u UnitState) Installed() bool { return u.Load != "not-found" && u.Load != "" }

// Runs reports whether the unit is up, or on its way up or down.
func (u UnitState) Runs() bool { return u.Active != "inactive" && u.Active != "failed" }

// DataDir returns the data folder that a user's socket unit belongs to, or "".
func (u UnitState) DataDir() string {
	if dir := filepath.Dir(u.Listen); filepath.Base(dir) == "daemon" {
		return filepath.Dir(dir)
	}
	return ""
}

// Units returns the units that the manager has, the socket first.
func (s States) Units() []UnitState {
	if s.Socket.Name == "" {
		return []UnitState{s.Service}
	}
	return []UnitState{s.Socket, s.Service}
}

// StatesOf asks the manager for the socket and the service of the instance. It
// fails where no manager answers.
func StatesOf(o Options) (States, error) {
	if err := checkInstance(o.Instance); err != nil {
		return States{}, err
	}
	if err := o.detect(); err != nil {
		return States{}, err
	}
	if o.Manager != Systemd {
		return otherStates(o)
	}
	s := States{Manager: Systemd}
	socket, service := SocketUnit(o.Instance), ServiceUnit(o.Instance)
	out, err := systemctl(o.System, "show", "-p", "LoadState,UnitFileState,ActiveState,SubState,Result,FragmentPath,MainPID,Listen,NeedDaemonReload,ActiveEnterTimestampMonotonic,ExecStart,ExecMainStatus,NRestarts,DropInPaths", "--", socket, service)
	if err != nil {
		return States{}, err
	}
	ofSocket, ofService, _ := strings.Cut(out, "\n\n")
	s.Socket, s.Service = parseUnit(socket, ofSocket), parseUnit(service, ofService)
	return s, nil
}

// parseUnit reads what systemctl show prints.
func parseUnit(name, out string) UnitState {
	u := UnitState{Name: name}
	var unread, since, start string
	fields := map[string]*string{
		"LoadState": &u.Load, "UnitFileState": &u.Enabled, "ActiveState": &u.Active, "SubState": &u.Sub,
		"Result": &u.Result, "FragmentPath": &u.File, "MainPID": &u.PID, "Listen": &u.Listen,
		"NeedDaemonReload": &unread, "ActiveEnterTimestampMonotonic": &since,
		"ExecStart": &start, "ExecMainStatus": &u.ExitStatus, "NRestarts": &u.Restarts, "DropInPaths": &u.DropIns,
	}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if field := fields[key]; field != nil {
			*field = value
		}
	}
	u.Listen = strings.TrimSuffix(u.Listen, " (Stream)")
	_, start, _ = strings.Cut(start, "path=") // { path=/usr/bin/spacedrived ; argv[]=…
	u.Program, _, _ = strings.Cut(start, " ; argv[]=")
	u.Unread = unread == "yes" && u.Load != "not-found"
	u.older = u.Active == "active" && writtenSince(u.File, since)
	return u
}

// writtenSince reports whether a file was written after a moment in
// microseconds of CLOCK_MONOTONIC, the clock of systemd's timestamps.
func writtenSince(file, moment string) bool {
	us, err := strconv.ParseInt(moment, 10, 64)
	var now unix.Timespec
	if err != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return false
	}
	info, err := os.Stat(file)
	return err == nil && time.Since(info.ModTime()) < time.Duration(now.Nano()-us*1000)
}

// otherStates asks launchd, OpenRC or SysV. For these the library only reports whether
// the service runs.
func otherStates(o Options) (States, error) {
	s := States{Manager: o.Manager, Service: UnitState{Name: ScriptName(o.Instance), Load: "not-found", Active: "inactive", Sub: "dead"}}
	files, err := places(o)
	if err != nil {
		return States{}, err
	}
	content, err := os.ReadFile(files[0].Path)
	if err == nil {
		s.Service.Load, s.Service.File = "loaded", files[0].Path
		c, err := controller(o, nil)
		if err != nil {
			return States{}, err
		}
		var exit *exec.ExitError
		status, err := c.Status()
		switch {
		case status == kardianos.StatusRunning:
			s.Service.Active, s.Service.Sub = "active", "running"
		case errors.As(err, &exit), err == nil, errors.Is(err, kardianos.ErrNotInstalled): // LSB has 1 to 3 for what does not run
		default:
			return States{}, err
		}
	}
	if o.Manager == Launchd {
		s.Service.Name = Label(o.Instance)
		s.Socket = s.Service
		s.Socket.Name += " (socket)"
		s.Socket.Active, s.Socket.Sub = "inactive", "dead"
		if s.Service.Installed() {
			s.Socket.Listen = plistAfter(content, "<key>SockPathName</key>")
			domain := "system"
			if !o.System {
				domain = "gui/" + strconv.Itoa(os.Getuid())
			}
			if exec.Command("launchctl", "print", domain+"/"+s.Service.Name).Run() == nil {
				s.Socket.Active, s.Socket.Sub = "active", "listening"
			}
		}
	}
	return s, nil
}

// String describes the socket and the service in a few lines.
func (s States) String() string {
	var b strings.Builder
	for _, u := range s.Units() {
		if !u.Installed() {
			fmt.Fprintf(&b, "%s: not installed\n", u.Name)
			continue
		}
		fmt.Fprintf(&b, "%s: %s (%s)", u.Name, u.Active, u.Sub)
		if u.Enabled != "" && u.Listen != "" {
			fmt.Fprintf(&b, ", %s", u.Enabled)
		}
		if u.Listen != "" {
			fmt.Fprintf(&b, ", at %s", u.Listen)
		}
		if u.PID != "" && u.PID != "0" {
			fmt.Fprintf(&b, ", pid %s", u.PID)
		}
		if u.Result != "" && u.Result != "success" {
			fmt.Fprintf(&b, ", last ended by: %s", u.Result)
		}
		fmt.Fprintf(&b, "\n  %s\n", filepath.Clean(u.File))
	}
	return b.String()
}
