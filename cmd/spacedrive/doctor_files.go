package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// dataFolder looks at the data folder: there, a folder, whose, open to whom.
func (e *examination) dataFolder() {
	if e.system() {
		e.machineDataFolder()
	} else {
		e.lookAtDataFolder()
	}
	if last := e.checks[len(e.checks)-1]; last.State == checkProblem {
		e.first = last.Fix
	}
}

func (e *examination) lookAtDataFolder() {
	const name = "data folder"
	dir := e.dataDir()
	if dir == "" {
		e.add(checkProblem, name, "set HOME, or name one with --data-dir", "there is no place for it")
		return
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.missingDataFolder(dir)
		return
	case errors.Is(err, fs.ErrPermission):
		where, what, fix := e.barrier(dir)
		if e.source("data-dir") == flags.FromEnv && !inHome(where) {
			fix = "unset " + flags.EnvName("data-dir") + ", or run this as its owner"
		}
		e.add(checkProblem, name, fix, "%s is out of your reach: %s %s", dir, where, what)
		return
	case err != nil:
		e.add(checkProblem, name, "name another with --data-dir", "%v", err)
		return
	case !info.IsDir():
		e.add(checkProblem, name, "move the file away, or name another folder with --data-dir", "%s is not a folder", dir)
		return
	}
	if uid, ok := ownerOf(info); ok && uid != os.Getuid() {
		e.add(checkProblem, name, e.takeOver(dir), "%s belongs to %s", dir, userName(uid))
		return
	}
	if err := unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		fix := e.open(dir)
		if errors.Is(err, unix.EROFS) {
			fix = "mount the file system writable, or name another folder with --data-dir"
		}
		e.add(checkProblem, name, fix, "%s: %v", dir, err)
		return
	}
	if path, uid := foreign(dir, os.Getuid()); path != "" {
		fix := e.takeOver(dir)
		if !dedicated(dir) {
			fix = e.takeOver(path)
		}
		e.add(checkProblem, name, fix, "%s in it belongs to %s: was spacedrive run with sudo?", path, userName(uid))
		return
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		fix := "chmod go-w " + packaging.ShellWord(dir)
		if !dedicated(dir) {
			fix = "name a folder that is for it alone with --data-dir"
		}
		e.add(checkWarning, name, fix, "%s has mode %o: others may change the index", dir, mode)
		return
	}
	e.add(checkOK, name, "", "%s", dir)
}

// missingDataFolder tells whether the daemon could make it.
func (e *examination) missingDataFolder(dir string) {
	const name = "data folder"
	above := dir
	for err := error(fs.ErrNotExist); errors.Is(err, fs.ErrNotExist) && above != filepath.Dir(above); {
		above = filepath.Dir(above)
		_, err = os.Stat(above)
	}
	err := unix.Access(above, unix.W_OK|unix.X_OK)
	switch {
	case err == nil:
		e.add(checkOK, name, "", "%s, not made yet", dir)
	case errors.Is(err, unix.EROFS):
		e.add(checkProblem, name, "mount the file system writable, or name another folder with --data-dir", "%s is not there, and %s is on a file system that is mounted read-only", dir, above)
	default:
		fix := "make it writable for you, or name another with --data-dir"
		if home := homeDir(); strings.HasPrefix(home, above) && home != above {
			fix = "your home folder is to be " + home + ", and is not there: set HOME, or name another folder with --data-dir"
		} else if info, err := os.Stat(above); err == nil && inHome(above) {
			if uid, ok := ownerOf(info); ok && uid == os.Getuid() {
				fix = e.open(above)
			} else {
				fix = e.takeOver(above)
			}
		}
		e.add(checkProblem, name, fix, "%s is not there, and %s does not let you make it", dir, above)
	}
}

// barrier finds what keeps this user from path: the first folder on its way
// that cannot be passed.
func (e *examination) barrier(path string) (where, what, fix string) {
	where = path
	for dir := filepath.Dir(path); dir != where; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(where); !errors.Is(err, fs.ErrPermission) {
			break
		}
		where = dir // where's name cannot be looked up in dir
	}
	info, err := os.Lstat(where)
	if err != nil {
		return where, "cannot be looked at", "name another with --data-dir"
	}
	uid, _ := ownerOf(info)
	what = fmt.Sprintf("belongs to %s and has mode %o", userName(uid), info.Mode().Perm())
	if uid == os.Getuid() {
		return where, what, e.open(where)
	}
	return where, what, e.takeOver(where)
}

// foreign returns a file or folder of the daemon's in dir that belongs to
// another user than it, "" for none. It looks at so many that nobody waits for it.
func foreign(dir string, daemon int) (path string, uid int) {
	const most = 10_000
	seen := 0
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if seen++; seen > most {
			return fs.SkipAll
		}
		if d == nil {
			return nil
		}
		if filepath.Dir(p) == dir && p != dir && !isBelonging(d.Name()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err == nil {
			if owner, ok := ownerOf(info); ok && owner != daemon {
				path, uid = p, owner
				return fs.SkipAll
			}
		}
		return nil // what cannot be read is the daemon's own business
	})
	return path, uid
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

// socketFile looks at the socket's file: there, a socket, whose, open to whom.
// Whether somebody listens is the daemon check's business.
func (e *examination) socketFile() {
	if e.system() {
		e.machineSocket()
		return
	}
	const name = "socket"
	path := e.socket()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(checkSkipped, name, "", "%s is not there; the daemon or its socket unit makes it", path)
		return
	case errors.Is(err, fs.ErrPermission):
		where, what, fix := e.barrier(path)
		e.add(checkProblem, name, fix, "%s is out of your reach: %s %s", path, where, what)
		return
	case err != nil:
		e.add(checkProblem, name, "give another with --socket", "%v", err)
		return
	case info.Mode()&fs.ModeSocket == 0:
		fix := "mv " + packaging.ShellWord(path) + " " + packaging.ShellWord(path+".old") + " && " + e.command("start")
		if e.cli.Socket != "" { // it may be anything
			fix = "give another with --socket"
		}
		e.add(checkProblem, name, fix, "%s is not a socket", path)
		return
	}
	if uid, ok := ownerOf(info); ok && uid != os.Getuid() {
		fix := "run this as its owner, or give another with --socket"
		if within(e.dataDir(), path) {
			fix = e.takeOver(e.dataDir())
		}
		e.add(checkProblem, name, fix, "%s belongs to %s", path, userName(uid))
		return
	}
	switch mode := info.Mode().Perm(); {
	case mode&0o600 != 0o600:
		e.add(checkProblem, name, "chmod 600 "+packaging.ShellWord(path), "%s has mode %o: you may not connect to it", path, mode)
	case mode&0o077 != 0:
		e.add(checkWarning, name, "chmod 600 "+packaging.ShellWord(path), "%s has mode %o: it is open to others, whom the daemon refuses", path, mode)
	default:
		e.add(checkOK, name, "", "%s", path)
	}
}
