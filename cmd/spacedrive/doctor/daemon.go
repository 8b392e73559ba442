package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

func answers(f *Facts) Finding {
	if f.DaemonErr == nil {
		return find(OK, "", "pid %d answers", f.Hello.PID)
	}
	systemd := f.Units.Manager == packaging.Systemd && f.Units.Socket.Installed() && !f.Elsewhere
	stale := f.Reason == client.ReasonNotFound || f.Reason == client.ReasonRefused
	fix := f.DaemonErr.Hint
	switch {
	case f.first != "":
		fix = f.first
	case stale && f.System:
		fix = "sudo " + f.Command("service", "start")
	case stale:
		fix = f.Command("start")
	case f.Reason == client.ReasonNoAnswer && systemd:
		fix = f.Systemctl() + " restart " + f.Units.Service.Name
	case f.Reason == client.ReasonNoAnswer && f.SocketHolder() != 0:
		fix = "kill -9 " + strconv.Itoa(f.SocketHolder()) + " && " + f.Command("start")
	case f.Reason == client.ReasonNoAnswer:
		fix = "end its process, then: " + f.Command("start")
	}
	found := find(Problem, fix, "%s", f.DaemonErr.Message)
	found.Form = f.Reason
	return found
}

func versions(f *Facts) Finding {
	exe, _ := os.Readlink("/proc/" + strconv.Itoa(f.Hello.PID) + "/exe")
	switch program, deleted := strings.CutSuffix(exe, " (deleted)"); {
	case f.DaemonErr != nil:
		return Finding{}
	case f.Hello.Version != f.OwnVersion:
		return find(Problem, f.Command("restart"), "the daemon is version %s, and this program %s", f.Hello.Version, f.OwnVersion)
	case deleted:
		return find(Warning, f.Command("restart"), "%s; the daemon still runs from a file that was removed or replaced: %s", f.Hello.Version, program)
	}
	return find(OK, "", "%s", f.Hello.Version)
}

func libraries(f *Facts) Finding {
	switch {
	case f.DaemonErr != nil:
		return Finding{}
	case f.OpenErr == nil:
		return find(OK, "", "all of %d can be opened", len(f.Libraries))
	}
	fix := f.OpenErr.Hint
	if pid, ok := f.OpenErr.Details["pid"]; ok { // of another daemon that has the data folder
		fix = fmt.Sprintf("kill %v   # this daemon then opens it at the next call", pid)
	} else if strings.Contains(fix, "doctor") { // the daemon does not know the cause
		fix = cmp.Or(f.first, f.Logs.ErrorsCommand())
	}
	found := find(Problem, fix, "%s", f.OpenErr.Message)
	found.Form = string(f.OpenErr.Code)
	return found
}

// lastErrors looks for errors of the last day.
func lastErrors(f *Facts) Finding {
	type entry struct {
		Time    time.Time `json:"time"`
		Level   string    `json:"level"`
		Message string    `json:"message"`
		Error   string    `json:"error"`
	}
	var last entry
	lines, err := f.Logs.Tail(f.ctx, 1, func(line string) bool {
		var e entry
		if json.Unmarshal([]byte(line), &e) != nil || e.Level != "error" && e.Level != "fatal" && e.Level != "panic" || time.Since(e.Time) > 24*time.Hour {
			return false
		}
		last = e
		return true
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return find(Skipped, "", "%s is not there", f.Logs)
	case errors.Is(err, fs.ErrPermission) && !f.System:
		return find(Warning, f.grant(f.DataDir), "%v", err)
	case err != nil:
		return find(Skipped, protocol.AsError(err).Hint, "%s cannot be read: %s", f.Logs, protocol.AsError(err).Message)
	case len(lines) == 0:
		return find(OK, "", "no error within a day in %s", f.Logs)
	case last.Error == "" || strings.Contains(last.Message, last.Error):
		return find(Warning, f.Logs.ErrorsCommand(), "errors within a day in %s, the last: %s", f.Logs, last.Message)
	}
	return find(Warning, f.Logs.ErrorsCommand(), "errors within a day in %s, the last: %s: %s", f.Logs, last.Message, last.Error)
}
