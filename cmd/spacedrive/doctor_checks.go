package main

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
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
	if err := e.cli.check(); err != nil {
		e.add(checkProblem, name, "give another name", "%v", err)
	}
}

func (e *examination) program() {
	path, err := daemonProgram()
	if err != nil {
		e.add(checkProblem, "program", "install spacedrived in the folder where spacedrive is", "%s", protocol.AsError(err).Message)
		return
	}
	e.add(checkOK, "program", "", "%s", path)
}

func (e *examination) dataFolder() {
	const name = "data folder"
	dir := e.dataDir()
	info, err := os.Stat(dir)
	switch {
	case dir == "":
		e.add(checkProblem, name, "set HOME, or name one with --data-dir", "there is no place for it")
		return
	case errors.Is(err, fs.ErrNotExist):
		above := dir
		for err != nil && above != filepath.Dir(above) {
			above = filepath.Dir(above)
			_, err = os.Stat(above)
		}
		if unix.Access(above, unix.W_OK|unix.X_OK) != nil {
			e.add(checkProblem, name, "make it writable for you, or name another with --data-dir", "%s is not there, and %s does not let you make it", dir, above)
			return
		}
		e.add(checkOK, name, "", "%s, not made yet", dir)
		return
	case err != nil:
		e.add(checkProblem, name, "see who owns the folders above it", "%v", err)
		return
	case !info.IsDir():
		e.add(checkProblem, name, "move the file away, or name another folder with --data-dir", "%s is not a folder", dir)
		return
	}
	if uid, ok := ownerOf(info); ok && uid != os.Getuid() {
		e.add(checkProblem, name, "run this as its owner, or name another with --data-dir", "%s belongs to %s", dir, userName(uid))
		return
	}
	if err := unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		fix := "chmod u+rwx " + shellWord(dir)
		if errors.Is(err, unix.EROFS) {
			fix = "mount the file system writable, or name another folder with --data-dir"
		}
		e.add(checkProblem, name, fix, "%s: %v", dir, err)
		return
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		e.add(checkWarning, name, "chmod go-w "+shellWord(dir), "%s has mode %o: others may change the index", dir, mode)
		return
	}
	e.add(checkOK, name, "", "%s", dir)
}

func ownerOf(info fs.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username + " (uid " + id + ")"
	}
	return "uid " + id
}

func (e *examination) socketFile() {
	const name = "socket"
	path := e.socket()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(checkSkipped, name, "", "%s is not there; the daemon or its socket unit makes it", path)
		return
	case err != nil:
		e.add(checkProblem, name, "see who owns the folders above it", "%v", err)
		return
	case info.Mode()&fs.ModeSocket == 0:
		e.add(checkProblem, name, "move "+shellWord(path)+" away, then: "+e.command("start"), "%s is not a socket", path)
		return
	}
	if uid, ok := ownerOf(info); ok && uid != os.Getuid() {
		e.add(checkProblem, name, "run this as its owner, or name another with --socket", "%s belongs to %s", path, userName(uid))
		return
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		e.add(checkWarning, name, "chmod 600 "+shellWord(path), "%s has mode %o: it is open to others, whom the daemon refuses", path, mode)
		return
	}
	e.add(checkOK, name, "", "%s", path)
}

// unit looks at the systemd units, if there is a systemd.
func (e *examination) unit() {
	const name = "unit"
	u, err := e.installedUnits()
	if err != nil {
		e.add(checkSkipped, name, "", "systemd's manager of this user does not answer; the daemon runs without it")
		return
	}
	if !u.socket.Installed() {
		e.add(checkOK, name, "", "%s is not installed; 'spacedrive service install' has systemd start the daemon when it is needed", u.socket.Name)
		return
	}
	own := e.socket()
	switch {
	case u.socket.Load != "loaded" || u.service.Load != "loaded":
		e.add(checkProblem, name, e.command("service", "install"), "systemd has %s as %s and %s as %s", u.socket.Name, u.socket.Load, u.service.Name, u.service.Load)
	case u.socket.Result == "trigger-limit-hit" || u.socket.Result == "service-start-limit-hit" || u.service.Result == "start-limit-hit":
		e.add(checkProblem, name, e.systemctl()+" reset-failed "+u.socket.Name+" "+u.service.Name+" && "+e.systemctl()+" start "+u.socket.Name,
			"a start limit was hit: %s is %s (%s), %s is %s (%s)", u.socket.Name, u.socket.Active, u.socket.Result, u.service.Name, u.service.Active, u.service.Result)
	case u.service.Active == "failed":
		e.add(checkProblem, name, e.journalOf()+" -u "+u.service.Name+" tells why; then: "+e.systemctl()+" reset-failed "+u.service.Name, "%s has failed (%s)", u.service.Name, u.service.Result)
	case u.socket.Active == "failed":
		e.add(checkProblem, name, e.systemctl()+" restart "+u.socket.Name, "%s has failed (%s)", u.socket.Name, u.socket.Result)
	case u.socket.Listen != own && e.explicit():
		e.add(checkOK, name, "", "%s listens on %s; this run is about %s", u.socket.Name, u.socket.Listen, own)
	case u.socket.Listen != own:
		e.add(checkProblem, name, e.command("service", "install")+", if the environment here is right", "the data folder here is not the unit's: it listens on %s, and this program looks at %s", u.socket.Listen, own)
	case u.socket.Active != "active":
		e.add(checkWarning, name, e.systemctl()+" enable --now "+u.socket.Name, "%s is %s: it starts no daemon", u.socket.Name, u.socket.Active)
	case u.socket.Enabled != "enabled":
		e.add(checkWarning, name, e.systemctl()+" enable "+u.socket.Name, "%s listens, but not any more after the next login", u.socket.Name)
	default:
		e.add(checkOK, name, "", "%s listens; %s is %s", u.socket.Name, u.service.Name, u.service.Active)
	}
}

// daemon looks at whether the daemon answers, which it is, and how it is.
func (e *examination) daemon() {
	const name = "daemon"
	c, err := e.connect()
	if err != nil {
		fix := protocol.AsError(err).Hint
		switch reason(err) {
		case client.ReasonNotFound, client.ReasonRefused:
			fix = e.command("start")
		case client.ReasonNoAnswer:
			fix = "end its process" + only(e.lockHolder() != "", " "+e.lockHolder()) + ", then: " + e.command("start")
		}
		e.add(checkProblem, name, fix, "%s", protocol.AsError(err).Message)
		return
	}
	hello := c.Hello()
	e.add(checkOK, name, "", "pid %d answers", hello.Daemon.PID)
	if hello.Daemon.Version != version.String() {
		e.add(checkProblem, "version", e.command("restart"), "the daemon is version %s, and this program %s", hello.Daemon.Version, version.String())
	} else {
		e.add(checkOK, "version", "", "%s", version.String())
	}
	s, err := client.Call(e.ctx, c, api.CoreStatus, api.Empty{})
	if err != nil {
		e.add(checkProblem, name, protocol.AsError(err).Hint, "%s", protocol.AsError(err).Message)
		return
	}
	for _, i := range s.Instances {
		if i.State == "failed" {
			e.add(checkProblem, "instance", "mend the cause, then: "+e.command("restart"), "%s could not be opened: %s", i.Name, i.Error)
		}
	}
	for _, l := range s.Libraries {
		if l.State == "failed" {
			e.add(checkProblem, "library", "mend the cause, then: "+e.command("restart"), "%s could not be opened: %s", l.Name, l.Error)
		}
	}
}

// watchLimit compares the kernel's limit of watched folders with the index.
func (e *examination) watchLimit() {
	const name, file = "watch limit", "/proc/sys/fs/inotify/max_user_watches"
	text, err := os.ReadFile(file)
	limit, perr := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || perr != nil {
		e.add(checkSkipped, name, "", "this system has none")
		return
	}
	folders := e.folders()
	if folders > limit {
		e.add(checkWarning, name, "sudo sysctl fs.inotify.max_user_watches="+strconv.FormatInt(2*folders, 10),
			"%s folders are indexed, and the kernel lets you watch %s", formatCount(folders), formatCount(limit))
		return
	}
	e.add(checkOK, name, "", "%s folders may be watched", formatCount(limit))
}

// folders counts the folders in all libraries, as far as the daemon tells.
func (e *examination) folders() int64 {
	if e.conn == nil {
		return 0
	}
	libs, err := client.Call(e.ctx, e.conn, api.LibrariesList, api.Empty{})
	if err != nil {
		return 0
	}
	var n int64
	for _, l := range libs.Libraries {
		if info, err := client.Call(e.ctx, e.conn, api.LibrariesInfo, api.Empty{}, client.InLibrary(l.ID)); err == nil {
			n += info.Statistics.Folders
		}
	}
	return n
}

// Below these the index cannot grow for long, or at all.
const (
	scarceBytes = 1 << 30
	noBytes     = 64 << 20
)

func (e *examination) disk() {
	const name = "disk space"
	dir := e.dataDir()
	var st unix.Statfs_t
	for unix.Statfs(dir, &st) != nil {
		if dir == filepath.Dir(dir) || dir == "" {
			e.add(checkSkipped, name, "", "cannot be told")
			return
		}
		dir = filepath.Dir(dir)
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	switch {
	case free < noBytes:
		e.add(checkProblem, name, "make room on the disk of "+e.dataDir(), "only %s are free", formatSize(free))
	case free < scarceBytes:
		e.add(checkWarning, name, "make room on the disk of "+e.dataDir(), "%s are free", formatSize(free))
	default:
		e.add(checkOK, name, "", "%s free", formatSize(free))
	}
}

// log looks for errors that the daemon logged in the last day.
func (e *examination) log() {
	const name = "log"
	const most, age = 3, 24 * time.Hour
	if _, ok := e.units(); ok {
		e.add(checkSkipped, name, "", "in the journal: %s -p err -u %s", e.journalOf(), packaging.ServiceUnit(e.instance()))
		return
	}
	lines, err := tailOf(e.logFile(), most, func(line string) bool {
		var l struct {
			Time  time.Time `json:"time"`
			Level string    `json:"level"`
		}
		return json.Unmarshal([]byte(line), &l) == nil && (l.Level == "error" || l.Level == "fatal" || l.Level == "panic") && time.Since(l.Time) < age
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(checkSkipped, name, "", "%s is not there", e.logFile())
	case err != nil:
		e.add(checkWarning, name, "see who owns it", "%v", err)
	case len(lines) > 0:
		e.add(checkWarning, name, e.command("logs", "--level", "error"), "errors within a day, the last: %s", messageOf(lines[len(lines)-1]))
	default:
		e.add(checkOK, name, "", "no error within a day in %s", e.logFile())
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
