package packaging

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A UnitState tells how systemd has one of the units, in systemctl's words.
type UnitState struct {
	Name    string
	Load    string // loaded, not-found, masked, bad-setting, …
	Enabled string // enabled, disabled, indirect, …; "" when not found
	Active  string // active, inactive, failed, activating, deactivating
	Sub     string // listening, running, dead, auto-restart, …
	Result  string // success, or why the last run ended: watchdog, signal, …
	File    string // "" when not found
	PID     string // of a running service, else "0"
	Listen  string // a socket's path
}

// Installed reports whether systemd knows the unit.
func (u UnitState) Installed() bool { return u.Load != "not-found" }

// DataDir returns the data folder that a socket unit stands for, or "".
func (u UnitState) DataDir() string {
	if dir := filepath.Dir(u.Listen); filepath.Base(dir) == "daemon" {
		return filepath.Dir(dir)
	}
	return ""
}

// States asks systemd for the socket and the service of the instance, in this
// order. It fails where no systemd manager of the user answers.
func States(o Options) ([]UnitState, error) {
	if err := checkInstance(o.Instance); err != nil {
		return nil, err
	}
	var states []UnitState
	for _, name := range []string{SocketUnit(o.Instance), ServiceUnit(o.Instance)} {
		out, err := systemctl("show", "-p", "LoadState,UnitFileState,ActiveState,SubState,Result,FragmentPath,MainPID,Listen", name)
		if err != nil {
			return nil, err
		}
		u := UnitState{Name: name}
		for line := range strings.Lines(out) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			switch key {
			case "LoadState":
				u.Load = value
			case "UnitFileState":
				u.Enabled = value
			case "ActiveState":
				u.Active = value
			case "SubState":
				u.Sub = value
			case "Result":
				u.Result = value
			case "FragmentPath":
				u.File = value
			case "MainPID":
				u.PID = value
			case "Listen":
				u.Listen = strings.TrimSuffix(value, " (Stream)")
			}
		}
		states = append(states, u)
	}
	return states, nil
}

// Status tells in a few lines how the socket and the service are.
func Status(o Options) (string, error) {
	states, err := States(o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, u := range states {
		if !u.Installed() {
			fmt.Fprintf(&b, "%s: not installed\n", u.Name)
			continue
		}
		fmt.Fprintf(&b, "%s: %s (%s)", u.Name, u.Active, u.Sub)
		if strings.HasSuffix(u.Name, ".socket") {
			fmt.Fprintf(&b, ", %s, at %s", u.Enabled, u.Listen)
		}
		if u.PID != "" && u.PID != "0" {
			fmt.Fprintf(&b, ", pid %s", u.PID)
		}
		if u.Result != "" && u.Result != "success" {
			fmt.Fprintf(&b, ", last ended by: %s", u.Result)
		}
		fmt.Fprintf(&b, "\n  %s\n", filepath.Clean(u.File))
	}
	return b.String(), nil
}
