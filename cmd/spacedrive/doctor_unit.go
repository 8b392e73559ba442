package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// unit looks at what the service manager has, if there is one.
func (e *examination) unit() {
	const name = "unit"
	u, err := e.installedUnits()
	if err != nil {
		e.noManager()
		return
	}
	if u.Manager != packaging.Systemd {
		e.otherManager(u)
		return
	}
	if !u.Socket.Installed() && e.system() {
		e.first = e.install() + " && " + e.systemctl() + " enable --now " + u.Socket.Name
		e.add(checkProblem, name, e.first, "%s is not installed", u.Socket.Name)
		return
	}
	if !u.Socket.Installed() {
		e.add(checkOK, name, "", "%s is not installed; '%s' has systemd start the daemon when it is needed", u.Socket.Name, e.command("service", "install"))
		return
	}
	found := len(e.checks)
	e.unitState(u)
	// A socket that listens, if only until the next boot, keeps nobody from a daemon.
	if len(e.checks) > found && (e.checks[found].State == checkProblem || u.Socket.Active != "active" || !daemon.SameSocket(u.Socket.Listen, e.socket())) {
		e.first = cmp.Or(e.first, e.checks[found].Fix)
	}
	// What a problem's fix does to one's own units, another must not undo.
	if len(e.checks) == found || e.checks[found].State == checkWarning {
		e.unitOrigin(u, len(e.checks) == found)
	}
	e.linger(u)
}

// otherManager looks at the service of launchd, OpenRC or SysV, of which less is
// known.
func (e *examination) otherManager(all packaging.States) {
	const name = "unit"
	switch u := all.Service; {
	case !u.Installed():
		if e.system() {
			e.first = cmp.Or(e.first, e.install()+" && "+e.sudo()+e.command("service", "start"))
		}
		e.add(checkOK, name, "", "%s is not installed; '%s' has %s start the daemon", u.Name, e.command("service", "install"), all.Manager)
	case u.Active != "active" && all.Socket.Active != "active":
		fix := e.sudo() + e.command("service", "start")
		e.add(checkWarning, name, fix, "%s (%s) is %s", u.Name, u.File, u.Active)
		e.first = cmp.Or(e.first, fix)
	default:
		e.add(checkOK, name, "", "%s (%s) is %s", u.Name, u.File, u.Active)
	}
}

// noManager tells why the service manager cannot be asked: a user's systemd
// mostly because the session is one of su or sudo, which has no part in it.
func (e *examination) noManager() {
	if _, err := exec.LookPath("systemctl"); err != nil {
		e.add(checkSkipped, "unit", "", "no service manager is known here; the daemon runs without one")
		return
	}
	if e.system() {
		e.add(checkSkipped, "unit", "", "no systemd runs here")
		return
	}
	if runtime, lost := packaging.LostManager(); lost {
		e.add(checkWarning, "unit", "export XDG_RUNTIME_DIR="+runtime+", or log in as yourself instead of by su or sudo",
			"your systemd runs, and this session does not know where: XDG_RUNTIME_DIR is %q", os.Getenv("XDG_RUNTIME_DIR"))
		return
	}
	e.add(checkSkipped, "unit", "", "no systemd of yours runs in this session; the daemon runs without it")
}

// unitState adds what is wrong with how the units are, the cause before what
// comes of it.
func (e *examination) unitState(u packaging.States) {
	const name = "unit"
	sys := func(words string, units ...string) string {
		return strings.Join(append([]string{e.systemctl(), words}, units...), " ")
	}
	socket, service, own := u.Socket, u.Service, e.socket()
	program := e.unitProgram()
	_, programErr := os.Stat(program)
	_, socketErr := os.Lstat(socket.Listen)
	switch {
	case socket.Load == "masked" || service.Load == "masked":
		e.add(checkProblem, name, sys("unmask", socket.Name, service.Name), "%s is %s and %s is %s: systemd starts neither", socket.Name, socket.Load, service.Name, service.Load)
	case socket.Load != "loaded" || service.Load != "loaded":
		e.unloaded(u)
	case program != "" && errors.Is(programErr, fs.ErrNotExist):
		e.noProgram(u, program)
	case socket.Result == "trigger-limit-hit" || socket.Result == "service-start-limit-hit" || service.Result == "start-limit-hit":
		e.limited(u)
	case service.Active == "failed" || e.loops(service):
		e.failing(u)
	case socket.Active == "failed":
		e.add(checkProblem, name, sys("restart", socket.Name), "%s has failed (%s)", socket.Name, socket.Result)
	case !daemon.SameSocket(socket.Listen, own) && e.explicit():
		e.elsewhere(socket, own)
	case !daemon.SameSocket(socket.Listen, own):
		e.otherFolder(socket, own)
	case e.stale(socket):
		e.add(checkWarning, name, sys("daemon-reload")+" && "+sys("restart", socket.Name), "%s has changed on disk since systemd read it", socket.Name)
	case e.stale(service): // the socket stays, and with it who is connecting
		e.add(checkWarning, name, sys("daemon-reload")+" && "+sys("try-restart", service.Name), "%s has changed on disk since systemd read it", service.Name)
	case socket.Active == "active" && errors.Is(socketErr, fs.ErrNotExist):
		e.add(checkProblem, name, sys("restart", socket.Name), "%s listens, and its socket %s is gone: somebody removed it", socket.Name, socket.Listen)
	case socket.Active != "active":
		e.add(checkWarning, name, sys("enable --now", socket.Name), "%s is %s: it starts no daemon", socket.Name, socket.Active)
	case socket.Enabled != "enabled":
		e.add(checkWarning, name, sys("enable", socket.Name), "%s listens, but not any more after the next %s", socket.Name, e.next())
	}
}

// stale reports whether systemd has read another text of the unit than is there
// by now.
func (e *examination) stale(unit packaging.UnitState) bool {
	return e.property(unit.Name, "NeedDaemonReload") == "yes"
}

// elsewhere tells of a run that is about another daemon than the unit's: said
// in the command it is meant so; in the environment it may have been forgotten.
func (e *examination) elsewhere(socket packaging.UnitState, own string) {
	for _, flag := range []string{"socket", "data-dir"} {
		if e.source(flag) == flags.FromEnv {
			e.add(checkWarning, "unit", "unset "+flags.EnvName(flag),
				"%s in the environment is not the unit's: %s listens on %s, and this program looks at %s", flags.EnvName(flag), socket.Name, socket.Listen, own)
			return
		}
	}
	e.add(checkOK, "unit", "", "%s listens on %s; this run is about %s", socket.Name, socket.Listen, own)
}

// otherFolder tells of units that are for another data folder than the settings
// say. Those follow that were not made for theirs.
func (e *examination) otherFolder(socket packaging.UnitState, own string) {
	restart := " && " + e.systemctl() + " restart " + socket.Name
	if blamed := e.dropIns(socket, settingListen); len(blamed) > 0 {
		e.add(checkProblem, "unit", e.undo(socket, blamed)+restart, "%s has %s listen on %s, and this program looks at %s", strings.Join(blamed, " "), socket.Name, socket.Listen, own)
		return
	}
	if e.source("socket") == flags.FromFile {
		e.add(checkProblem, "unit", "take socket out of "+e.file.Path+": a unit has its socket in its data folder",
			"%s listens on %s, and %s names %s", socket.Name, socket.Listen, e.file.Path, own)
		return
	}
	follow := e.replace(socket) + restart
	if e.source("data-dir") == flags.FromDefault {
		switch dir := socket.DataDir(); {
		case os.Getenv("XDG_DATA_HOME") != "":
			follow = "unset XDG_DATA_HOME, or have the unit follow: " + follow
		case packaging.Ours(socket.File) && dir != "":
			follow = fmt.Sprintf("put data_dir = %q into %s, or have the unit follow: %s", dir, e.file.Path, follow)
		}
	}
	e.add(checkProblem, "unit", follow,
		"the data folder here is not the unit's: %s listens on %s, and this program looks at %s", socket.Name, socket.Listen, own)
}

// linger tells what happens at the end of the user's last session.
func (e *examination) linger(u packaging.States) {
	if u.Socket.Active != "active" || e.system() {
		return
	}
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	out, err := e.output("loginctl", "show-user", "--property=Linger", "--value", name)
	switch {
	case err != nil:
	case strings.TrimSpace(out) == "yes":
		e.add(checkOK, "lingering", "", "on: it runs without a session of yours too")
	default:
		e.add(checkOK, "lingering", "", "off: it ends with your last session; 'sudo loginctl enable-linger %s' lets it run without one", packaging.ShellWord(name))
	}
}

// unitProgram returns the program that the service's unit runs, "" where there
// is none.
func (e *examination) unitProgram() string {
	if !e.asked {
		e.asked = true
		all, err := e.installedUnits()
		if u := all.Service; err == nil && all.Manager == packaging.Systemd && u.Installed() {
			// ExecStart={ path=/usr/bin/spacedrived ; argv[]=… ; …
			_, rest, _ := strings.Cut(e.property(u.Name, "ExecStart"), "path=")
			e.runs, _, _ = strings.Cut(rest, " ; argv[]=")
		}
	}
	return e.runs
}

// install is how the units are written anew.
func (e *examination) install() string { return e.sudo() + e.command("service", "install") }

// next says when what is enabled is started.
func (e *examination) next() string {
	if e.system() {
		return "boot"
	}
	return "login"
}

// property returns what systemd says of a unit, or of itself where
// unit is empty; "" where it cannot be asked.
func (e *examination) property(unit, name string) string {
	args := []string{"show", "--property=" + name, "--value"}
	if !e.system() {
		args = append([]string{"--user"}, args...)
	}
	if unit != "" {
		args = append(args, "--", unit)
	}
	out, err := e.output("systemctl", args...)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

func (e *examination) output(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(e.ctx, doctorPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(out), nil
}
