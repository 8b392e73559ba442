package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

// daemon looks at whether the daemon answers, which it is, and how it is.
func (e *examination) daemon() {
	const name = "daemon"
	c, err := e.conn, e.unanswered
	if err != nil {
		e.add(checkProblem, name, e.connectFix(err), "%s", protocol.AsError(err).Message)
		return
	}
	hello := c.Hello()
	e.add(checkOK, name, "", "pid %d answers", hello.Daemon.PID)
	e.version(hello)
	s, err := client.Call(e.ctx, c, api.CoreStatus, api.Empty{})
	if err != nil {
		fix := protocol.AsError(err).Hint
		if client.Reason(err) == client.ReasonNoAnswer {
			fix = e.connectFix(err)
			e.close() // the other checks need not wait as long each
		}
		e.add(checkProblem, name, fix, "%s", protocol.AsError(err).Message)
		return
	}
	for _, i := range s.Instances {
		if i.State == "failed" && i.Name != e.instance() {
			e.add(checkProblem, "instance", "spacedrive --instance "+i.Name+" doctor", "%s could not be opened: %s", i.Name, i.Error)
		}
	}
	e.opened()
}

// connectFix returns what to do where no connection can be had.
func (e *examination) connectFix(err error) string {
	why := client.Reason(err)
	_, unit := e.units()
	switch {
	case why == client.ReasonPermission && !e.system():
		_, _, fix := e.barrier(e.socket())
		return fix
	case e.first != "":
		return e.first // one that is started all the same would have no data, or another's
	case client.Absent(err) && e.system():
		return e.restartOf(packaging.SocketUnit(e.instance()))
	case client.Absent(err):
		return e.command("start")
	case why == client.ReasonNoAnswer && unit:
		return e.restartOf(packaging.ServiceUnit(e.instance()))
	case why == client.ReasonNoAnswer && e.socketHolder() != 0:
		return "kill -9 " + strconv.Itoa(e.socketHolder()) + " && " + e.command("start")
	case why == client.ReasonNoAnswer:
		return "end its process, then: " + e.command("start")
	}
	return e.withAdvice(err).Hint
}

// opened has the daemon open what it has not opened yet, or could not: the
// cause may have gone since.
func (e *examination) opened() {
	libs, err := client.Call(e.ctx, e.conn, api.LibrariesList, api.Empty{})
	if err != nil {
		wire := e.withAdvice(err)
		fix := wire.Hint
		if pid, ok := wire.Details["pid"]; ok { // of another daemon that has the data folder
			fix = fmt.Sprintf("kill %v   # this daemon then opens it at the next call", pid)
		}
		if strings.Contains(fix, "doctor") { // which is at it
			fix = e.fixSoFar()
		}
		e.add(checkProblem, "instance", fix, "%s", wire.Message)
		return
	}
	for _, l := range libs.Libraries {
		if l.State != "failed" {
			continue
		}
		if _, err := client.Call(e.ctx, e.conn, api.LibrariesInfo, api.Empty{}, client.InLibrary(l.ID)); err != nil {
			wire := e.withAdvice(err)
			e.add(checkProblem, "library", wire.Hint, "%s", wire.Message)
		}
	}
}

// fixSoFar is what mends the first problem that was found, else where to look on.
func (e *examination) fixSoFar() string {
	for _, c := range e.checks {
		if c.State == checkProblem {
			return c.Fix
		}
	}
	return e.readErrors()
}

// readErrors is how the person reads the daemon's errors of the last day, those of
// before its present start too.
func (e *examination) readErrors() string {
	if e.journaled() {
		return only(e.system(), e.sudo()) + e.journalOf() + " -p err -S -1d -u " + packaging.ServiceUnit(e.instance())
	}
	return "grep '\"level\":\"error\"' " + packaging.ShellWord(filepath.Join(e.dataDir(), "logs", "daemon.log"))
}

// version compares the daemon that runs with the programs that are installed.
func (e *examination) version(hello protocol.HelloReply) {
	running, own := hello.Daemon.Version, version.String()
	exe, _ := os.Readlink("/proc/" + strconv.Itoa(hello.Daemon.PID) + "/exe")
	gone, deleted := strings.CutSuffix(exe, " (deleted)")
	switch {
	case running != own:
		e.add(checkProblem, "version", e.command("restart"), "the daemon is version %s, and this program %s", running, own)
	case deleted:
		e.add(checkWarning, "version", e.command("restart"), "%s; the daemon still runs from a file that was removed or replaced: %s", running, gone)
	default:
		e.add(checkOK, "version", "", "%s", running)
	}
}

// log looks for errors that the daemon logged in the last day.
func (e *examination) log() {
	const name = "log"
	const most, age = 3, 24 * time.Hour
	from, lines, err := e.keptLog(most, func(line string) bool {
		var l struct {
			Time  time.Time `json:"time"`
			Level string    `json:"level"`
		}
		return json.Unmarshal([]byte(line), &l) == nil && (l.Level == "error" || l.Level == "fatal" || l.Level == "panic") && time.Since(l.Time) < age
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(checkSkipped, name, "", "%s is not there", from)
	case errors.Is(err, fs.ErrPermission) && e.system():
		e.add(checkSkipped, name, "", "%s is the daemon's own to read: sudo tail %s", from, from)
	case errors.Is(err, fs.ErrPermission):
		e.add(checkWarning, name, e.takeOver(e.dataDir()), "%v", err)
	case err != nil:
		wire := protocol.AsError(err)
		e.add(checkSkipped, name, wire.Hint, "%s cannot be read: %s", from, wire.Message)
	case len(lines) > 0:
		e.add(checkWarning, name, e.readErrors(), "errors within a day in %s, the last: %s", from, messageOf(lines[len(lines)-1]))
	case e.system() && os.Getuid() != 0:
		e.add(checkSkipped, name, "", "no error within a day in what you may read of %s; all of it: sudo %s -p err -u %s", from, e.journalOf(), packaging.ServiceUnit(e.instance()))
	default:
		e.add(checkOK, name, "", "no error within a day in %s", from)
	}
}

func messageOf(line string) string {
	var l struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal([]byte(line), &l) != nil {
		return line
	}
	return l.Message + only(l.Error != "" && !strings.Contains(l.Message, l.Error), ": "+l.Error)
}
