package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

func (e *examination) settings() {
	const name = "settings"
	switch {
	case e.file.Err != nil:
		e.add(checkProblem, name, "mend the file, or name another with --config", "%v", e.file.Err)
	case e.file.Missing:
		e.add(checkOK, name, "", "no file %s; the defaults hold", e.file.Path)
	default:
		e.add(checkOK, name, "", "%s", e.file.Path)
	}
	if e.system() && e.file.Path != config.SystemConfigPath {
		if _, err := config.Load(config.SystemConfigPath); err != nil && !errors.Is(err, fs.ErrPermission) {
			e.add(checkProblem, name, "mend the file, then: "+e.restartOf(packaging.ServiceUnit(e.instance())), "%v", err)
		}
	}
	if err := e.cli.check(); err != nil {
		e.add(checkProblem, name, "give another name", "%v", err)
	}
}

// program looks at the daemon's program, and for others of its name that may
// be run in its place: an old one in ~/go/bin beside a package's, say.
func (e *examination) program() {
	const name = "program"
	path, err := daemon.Program()
	if err != nil {
		e.add(checkProblem, name, "install spacedrived in the folder where spacedrive is", "%s", protocol.AsError(err).Message)
		return
	}
	found, err := e.versionOf(path)
	if err != nil {
		e.add(checkProblem, name, "install it anew", "%s does not run: %v", path, err)
		return
	}
	clear := true
	for _, other := range e.otherPrograms(path) {
		v, err := e.versionOf(other)
		if err == nil && v != found {
			clear = false
			e.add(checkWarning, name, e.keepOne(path, other),
				"%s is version %s, and %s is %s: which of them runs depends on who starts it", path, found, other, v)
		}
	}
	switch own := version.String(); {
	case found != own:
		e.add(checkWarning, name, "install both programs from one release", "%s is version %s, and this program %s", path, found, own)
	case clear:
		e.add(checkOK, name, "", "%s", path)
	}
}

// keepOne says how to be left with one of two programs: a package's is its
// manager's to remove, and that of one's own unit is first to be another.
func (e *examination) keepOne(path, other string) string {
	units, managed := e.units()
	switch blamed := []string(nil); {
	case managed && units.Manager == packaging.Systemd && !packaged(other) && resolved(other) == resolved(e.unitProgram()):
		mend := e.install()
		if blamed = e.dropIns(units.Service, settingExec); len(blamed) > 0 {
			mend = e.undo(units.Service, blamed)
		}
		return mend + " && " + e.systemctl() + " try-restart " + units.Service.Name
	case packaged(other) && packaged(path):
		return "remove one of the packages that bring them"
	case packaged(other):
		return "keep one: " + e.remove(path) + ", or remove the package that brings " + other
	case packaged(path):
		return "keep one: " + e.remove(other) + ", or remove the package that brings " + path
	}
	return "keep one: " + e.remove(other) + ", or the package that brings the other"
}

// remove returns the command that removes a program of a person's own.
func (e *examination) remove(path string) string {
	return only(unix.Access(filepath.Dir(path), unix.W_OK) != nil, "sudo ") + "rm " + packaging.ShellWord(path)
}

// otherPrograms returns the daemon's programs on the PATH and in the unit, but
// for those that are the file at path.
func (e *examination) otherPrograms(path string) []string {
	var others []string
	same := func(a string) bool {
		for _, b := range append([]string{path}, others...) {
			if resolved(a) == resolved(b) {
				return true
			}
		}
		return false
	}
	var places []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(dir) { // another would be of the folder that one happens to be in
			places = append(places, filepath.Join(dir, "spacedrived"))
		}
	}
	if program := e.unitProgram(); program != "" {
		places = append(places, program)
	}
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !same(place) {
			others = append(others, place)
		}
	}
	return others
}

// doctorPatience is how long doctor waits for a program that it asks.
const doctorPatience = 5 * time.Second

// versionOf asks a daemon's program for its version.
func (e *examination) versionOf(program string) (string, error) {
	ctx, cancel := context.WithTimeout(e.ctx, doctorPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n") // of another program it may be a page
	return line, err
}
