package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
)

// What a line of a drop-in has to begin with to be the cause of something
// (systemd.unit(5), systemd.service(5), systemd.socket(5)).
var (
	settingAny    = regexp.MustCompile(`(?m)^[A-Z]`)
	settingExec   = regexp.MustCompile(`(?m)^\s*Exec`)
	settingRun    = regexp.MustCompile(`(?m)^\s*(Exec|Type|Environment|NotifyAccess|WatchdogSec|Limit|Memory|Tasks|SystemCall|Restrict|Timeout|RuntimeMax)`)
	settingLimit  = regexp.MustCompile(`(?m)^\s*(StartLimit|TriggerLimit|Exec|Restart)`)
	settingListen = regexp.MustCompile(`(?m)^\s*Listen`)
)

// dropIns returns the files that change the unit, and no others with it, and
// have such a setting.
func (e *examination) dropIns(unit packaging.UnitState, setting *regexp.Regexp) []string {
	var blamed []string
	for _, path := range packaging.Words(e.property(unit.Name, "DropInPaths")) {
		if changed := dropInUnit(path); changed != unit.Name && changed != templateOf(unit.Name) {
			continue // a folder such as service.d, which is for all services
		}
		text, err := os.ReadFile(path)
		gone := errors.Is(err, fs.ErrNotExist) // since systemd has read it
		if !gone && (err != nil || setting.Match(text)) {
			blamed = append(blamed, path)
		}
	}
	return blamed
}

// dropInUnit returns the unit that a drop-in is for, by the folder it is in.
func dropInUnit(path string) string {
	return strings.TrimSuffix(filepath.Base(filepath.Dir(path)), ".d")
}

// templateOf returns the template of an instance's unit, "" for another unit.
func templateOf(unit string) string {
	name, _, ok := strings.Cut(unit, "@")
	if !ok {
		return ""
	}
	return name + "@" + filepath.Ext(unit)
}

// undo returns the command that takes drop-ins of a unit away, and has systemd
// know. "systemctl revert" takes all that the unit has, and a unit file of one's
// own where a package has one too: it is only for where that loses nothing.
func (e *examination) undo(unit packaging.UnitState, blamed []string) string {
	name := dropInUnit(blamed[0])
	revert := e.hidden(unit) == ""
	for _, path := range e.dropIns(unit, settingAny) {
		ofOthers := packaged(path) || !e.system() && strings.HasPrefix(path, "/etc/")
		revert = revert && !ofOthers && dropInUnit(path) == name && slices.Contains(blamed, path)
	}
	if revert {
		return e.systemctl() + " revert " + name
	}
	var ours, others []string
	sudo := ""
	for _, path := range blamed {
		if packaged(path) {
			others = append(others, path)
			continue
		}
		ours = append(ours, packaging.ShellWord(path))
		if unix.Access(filepath.Dir(path), unix.W_OK) != nil {
			sudo = "sudo "
		}
	}
	if len(others) > 0 {
		return "remove the package that brings " + strings.Join(others, " ") + only(len(ours) > 0, ", and "+strings.Join(ours, " ")) + "; then: " + e.systemctl() + " daemon-reload"
	}
	return sudo + "rm " + strings.Join(ours, " ") + " && " + e.systemctl() + " daemon-reload"
}

// replace returns the command that makes a unit's file anew.
func (e *examination) replace(unit packaging.UnitState) string {
	switch {
	case unit.File == "" || packaged(unit.File) || packaging.Ours(unit.File):
		return e.install()
	case e.hidden(unit) != "":
		return e.systemctl() + " revert " + filepath.Base(unit.File) + " && " + e.install()
	}
	file := packaging.ShellWord(unit.File)
	return e.sudo() + "mv " + file + " " + packaging.ShellWord(unit.File+".old") + " && " + e.install()
}

// packaged reports whether a file is a package's: its manager's to remove.
func packaged(path string) bool {
	for _, p := range []string{path, resolved(path)} {
		if strings.HasPrefix(p, "/usr/local/") && !strings.Contains(p, "/Cellar/") {
			continue
		}
		for _, top := range []string{"/usr/", "/bin/", "/sbin/", "/lib/", "/opt/", "/nix/", "/gnu/", "/snap/"} {
			if strings.HasPrefix(p, top) {
				return true
			}
		}
		if strings.Contains(p, "/Cellar/") { // Homebrew's
			return true
		}
	}
	return false
}
