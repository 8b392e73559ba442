package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
)

// unitOrigin tells where units that are in order come from. Those that "service
// install" wrote come before a package's: they are in its way where they are for
// the same data, and are meant where they are for other.
func (e *examination) unitOrigin(u packaging.States, fine bool) {
	note := ""
	for _, unit := range []packaging.UnitState{u.Service, u.Socket} {
		hidden := e.hidden(unit)
		switch {
		case hidden == "":
		case !packaging.Ours(unit.File):
			note = "; " + unit.File + " stands in for " + hidden
		case serves(unit.File, homeDir()) == serves(hidden, homeDir()):
			e.add(checkWarning, "unit", e.sudo()+e.command("service", "uninstall")+" && "+e.systemctl()+" enable --now "+u.Socket.Name,
				"%s is in the way of %s, which is not used", unit.File, hidden)
			return
		case e.system():
			note = "; the machine's own units, for " + e.dataDir()
		default:
			note = "; your own units, for " + u.Socket.DataDir()
		}
		if note != "" {
			break
		}
	}
	if fine {
		e.add(checkOK, "unit", "", "%s listens; %s is %s%s", u.Socket.Name, u.Service.Name, u.Service.Active, note)
	}
}

// hidden returns the file of the same name in a folder that systemd reads
// later, which is therefore not used: a package's, mostly; "" for none.
func (e *examination) hidden(unit packaging.UnitState) string {
	read := packaging.Words(e.property("", "UnitPath"))
	at := slices.Index(read, filepath.Dir(unit.File))
	if at < 0 {
		return ""
	}
	for _, dir := range read[at+1:] {
		hidden := filepath.Join(dir, filepath.Base(unit.File))
		if _, err := os.Stat(hidden); err == nil && !packaging.SameFile(hidden, unit.File) {
			return hidden
		}
	}
	return ""
}

// serves returns what a unit's file is for, as systemd reads it: a socket's
// path, or the arguments that a service gives its program, whichever that is.
func serves(file, home string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ExecStart":
			_, value, _ = strings.Cut(value, " --")
		case "ListenStream":
		default:
			continue
		}
		return strings.NewReplacer("%h", home, "%%", "%", `"`, "").Replace(value)
	}
	return ""
}
