package main

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

// daemon looks at whether the daemon answers, which it is, and how it is.
func (e *examination) daemon() {
	const name = "daemon"
	c, err := e.connect()
	if err != nil {
		fix := e.withAdvice(err).Hint
		switch reason(err) {
		case client.ReasonNotFound, client.ReasonRefused:
			fix = e.command("start")
		case client.ReasonNoAnswer:
			fix = "end its process, then: " + e.command("start")
			if pid := e.lockHolder(); pid != "" {
				fix = "kill -9 " + pid + " && " + e.command("start")
			}
		}
		e.add(checkProblem, name, fix, "%s", protocol.AsError(err).Message)
		return
	}
	hello := c.Hello()
	e.add(checkOK, name, "", "pid %d answers", hello.Daemon.PID)
	e.version(hello)
	s, err := client.Call(e.ctx, c, api.CoreStatus, api.Empty{})
	if err != nil {
		e.add(checkProblem, name, protocol.AsError(err).Hint, "%s", protocol.AsError(err).Message)
		return
	}
	for _, i := range s.Instances {
		if i.State == "failed" {
			e.add(checkProblem, "instance", e.mend(i.Error), "%s could not be opened: %s", i.Name, i.Error)
		}
	}
	for _, l := range s.Libraries {
		if l.State == "failed" {
			e.add(checkProblem, "library", "mend the cause, and it opens at the next call; to be without it: "+e.command("library", "delete", l.Name), "%s could not be opened: %s", l.Name, l.Error)
		}
	}
}

// version compares the daemon that runs with the programs that are installed.
func (e *examination) version(hello protocol.HelloReply) {
	running, own := hello.Daemon.Version, version.String()
	exe, _ := os.Readlink("/proc/" + formatPID(hello.Daemon.PID) + "/exe")
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

// holder finds the process in the error of a data folder that another has.
var holder = regexp.MustCompile(`is in use by process ([0-9]+)`)

// mend returns what to do about an instance that could not be opened.
func (e *examination) mend(why string) string {
	if m := holder.FindStringSubmatch(why); m != nil {
		return "kill " + m[1] + "; the next call opens it here"
	}
	return "mend the cause, then: " + e.command("restart")
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
	case errors.Is(err, fs.ErrPermission):
		e.add(checkWarning, name, takeOver(e.dataDir()), "%v", err)
	case err != nil:
		e.add(checkSkipped, name, "", "%s cannot be read: %v", from, err)
	case len(lines) > 0:
		e.add(checkWarning, name, e.command("logs", "--level", "error"), "errors within a day in %s, the last: %s", from, messageOf(lines[len(lines)-1]))
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
	return l.Message + only(l.Error != "", ": "+l.Error)
}
