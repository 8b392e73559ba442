package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/packaging"
)

// unloaded tells of a unit that systemd cannot read, or finds at fault.
func (e *examination) unloaded(u packaging.States) {
	unit := u.Socket
	if unit.Load == "loaded" {
		unit = u.Service
	}
	blamed := e.dropIns(unit, settingAny)
	what := fmt.Sprintf("systemd has %s as %s and %s as %s", u.Socket.Name, u.Socket.Load, u.Service.Name, u.Service.Load)
	if len(blamed) > 0 {
		what += "; " + strings.Join(blamed, " ") + only(len(blamed) == 1, " changes it") + only(len(blamed) > 1, " change it")
	}
	e.broken(u, unit, blamed, what)
}

// noProgram tells of a service whose program is not there.
func (e *examination) noProgram(u packaging.States, program string) {
	blamed := e.dropIns(u.Service, settingExec)
	what := fmt.Sprintf("%s runs %s, which is not there", u.Service.File, program)
	if len(blamed) > 0 {
		what = fmt.Sprintf("%s has %s run %s, which is not there", strings.Join(blamed, " "), u.Service.Name, program)
	}
	e.broken(u, u.Service, blamed, what)
}

// broken adds a unit that cannot work as it is, with what mends it: the
// drop-ins to blame taken away, else its file written anew.
func (e *examination) broken(u packaging.States, unit packaging.UnitState, blamed []string, what string) {
	mend, reload := e.replace(unit), e.systemctl()+" daemon-reload"
	if unit.Name == u.Service.Name && packaged(unit.File) && len(blamed) == 0 && !e.stale(unit) {
		e.add(checkProblem, "unit", "install the package again that brings "+unit.File, "%s", what)
		return
	}
	switch {
	case len(blamed) > 0:
		mend = e.undo(unit, blamed)
	case e.stale(unit) && unit.Load == "loaded":
		mend = reload
		what += "; it has changed on disk since systemd read it"
	case e.stale(unit): // which systemd says of all that it could not load
		mend = reload + " && " + mend
	}
	e.add(checkProblem, "unit", mend+" && "+e.systemctl()+" restart "+u.Socket.Name, "%s", what)
}

// limited tells of a start limit that was hit, which the units as installed do
// not have.
func (e *examination) limited(u packaging.States) {
	socket, service := u.Socket, u.Service
	fix := e.systemctl() + " reset-failed " + socket.Name + " " + service.Name + " && " + e.systemctl() + " start " + socket.Name
	why := ""
	if e.stale(socket) || e.stale(service) {
		fix = e.systemctl() + " daemon-reload && " + fix
	}
	for _, unit := range []packaging.UnitState{socket, service} {
		if blamed := e.dropIns(unit, settingLimit); len(blamed) > 0 {
			fix = e.undo(unit, blamed) + " && " + fix
			why += "; " + unit.Name + " is changed by " + strings.Join(blamed, " ")
		}
	}
	e.add(checkProblem, "unit", fix, "a start limit was hit: %s is %s (%s), %s is %s (%s)%s",
		socket.Name, socket.Active, socket.Result, service.Name, service.Active, service.Result, why)
}

// loops reports whether the service ends again and again before it is ready.
func (e *examination) loops(service packaging.UnitState) bool {
	if strings.HasPrefix(service.Sub, "auto-restart") {
		return true
	}
	n, _ := strconv.Atoi(e.property(service.Name, "NRestarts"))
	return service.Active == "activating" && n > 0
}

// failing tells of a service that has failed, or does so over and over: how it
// ended, its last words, and the drop-ins that may be the cause.
func (e *examination) failing(u packaging.States) {
	service := u.Service
	loops := service.Active != "failed"
	result, status := e.property(service.Name, "Result"), e.property(service.Name, "ExecMainStatus")
	setting := settingRun
	if n, _ := strconv.Atoi(status); result == "resources" || n >= 200 && n < 250 { // systemd's own, before the program (systemd.exec(5))
		setting = settingAny
	}
	blamed := e.dropIns(service, setting)
	what := fmt.Sprintf("%s has failed (%s, status %s)", service.Name, result, status)
	if loops {
		what = fmt.Sprintf("%s fails over and over (%s, status %s)", service.Name, result, status)
	}
	if words := e.lastLine(); words != "" {
		what += "; the journal's last: " + words
	}
	fix := e.systemctl() + " reset-failed " + service.Name + " && " + e.command("start")
	switch {
	case len(blamed) > 0:
		what += "; it is changed by " + strings.Join(blamed, " ")
		fix = e.undo(service, blamed) + " && " + e.systemctl() + " restart " + u.Socket.Name
	case e.stale(service):
		what += "; it has changed on disk since systemd read it"
		fix = e.systemctl() + " daemon-reload && " + e.systemctl() + " restart " + u.Socket.Name
	case loops:
		fix = "see why: " + e.journalOf() + " -n 20 -u " + service.Name + "; to end it: " + e.systemctl() + " stop " + u.Socket.Name + " " + service.Name
	default:
		what += "; more: " + e.journalOf() + " -n 20 -u " + service.Name
	}
	e.add(checkProblem, "unit", fix, "%s", what)
}

// regular are lines of systemd's about a restart that say nothing of its cause.
var regular = regexp.MustCompile(`^(Starting|Started|Stopping|Stopped|Failed to start) |Scheduled restart job|Failed with result|Consumed .* CPU time`)

// lastLine returns the last line in the journal that may say why the service
// ended: the daemon's own before systemd's.
func (e *examination) lastLine() string {
	_, lines, err := e.keptLog(20, func(string) bool { return true })
	if err != nil {
		return ""
	}
	last := ""
	for i := len(lines) - 1; i >= 0; i-- {
		var l struct {
			Target string `json:"target"`
		}
		_ = json.Unmarshal([]byte(lines[i]), &l) // as journal made it
		words := messageOf(lines[i])
		switch {
		case regular.MatchString(words):
		case l.Target != "systemd":
			return words
		case last == "":
			last = words
		}
	}
	return last
}
