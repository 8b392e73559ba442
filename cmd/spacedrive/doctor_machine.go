package main

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// machineDataFolder looks at the data folder of the machine's daemon, which
// nobody else may look into.
func (e *examination) machineDataFolder() {
	const name = "data folder"
	dir := e.dataDir()
	if service := packaging.InstalledDataDir(); e.named("data-dir") && filepath.Clean(dir) != service {
		e.add(checkOK, name, "", "the machine's daemon has %s; this run is about %s", service, dir)
		return
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(checkOK, name, "", "%s, not made yet", dir)
		return
	case err != nil:
		e.add(checkProblem, name, "see who owns the folders above it", "%v", err)
		return
	case !info.IsDir():
		e.add(checkProblem, name, "move the file away", "%s is not a folder", dir)
		return
	}
	u, err := user.Lookup(config.SystemGroup)
	if uid, ok := ownerOf(info); err == nil && ok && strconv.Itoa(uid) != u.Uid {
		fix := e.sudo() + "chown -R " + config.SystemGroup + ": " + packaging.ShellWord(dir)
		if !dedicated(dir) {
			fix = "give it a folder of its own: " + e.sudo() + "spacedrive --system --data-dir FOLDER service install"
		}
		e.add(checkProblem, name, fix, "%s belongs to %s, and the daemon runs as %s", dir, userName(uid), config.SystemGroup)
		return
	}
	if os.Getuid() == 0 && err == nil {
		owner, _ := strconv.Atoi(u.Uid)
		if path, uid := foreign(dir, owner); path != "" {
			e.add(checkProblem, name, e.sudo()+"chown -R "+config.SystemGroup+": "+packaging.ShellWord(path)+" && "+e.restartOf(packaging.ServiceUnit(e.instance())),
				"%s in it belongs to %s, and the daemon runs as %s", path, userName(uid), config.SystemGroup)
			return
		}
	}
	e.add(checkOK, name, "", "%s", dir)
}

// machineSocket looks at the socket of the machine's daemon, and whether this
// user may connect to it.
func (e *examination) machineSocket() {
	const name = "socket"
	path := e.socket()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(checkSkipped, name, "", "%s is not there; the socket unit makes it", path)
	case err != nil && path == config.SystemSocketPath(e.instance()):
		e.add(checkProblem, name, e.sudo()+"chmod 755 "+filepath.Dir(path), "%v", err)
	case err != nil:
		e.add(checkProblem, name, "give another with --socket", "%v", err)
	case info.Mode()&fs.ModeSocket == 0 && path != config.SystemSocketPath(e.instance()):
		e.add(checkProblem, name, "give another with --socket", "%s is not a socket", path)
	case info.Mode()&fs.ModeSocket == 0:
		e.add(checkProblem, name, e.sudo()+"rm "+packaging.ShellWord(path)+" && "+e.restartOf(packaging.SocketUnit(e.instance())), "%s is not a socket", path)
	default:
		e.add(checkOK, name, "", "%s", path)
	}
	e.group()
}

// group looks at whether this session is one of the group that the machine's
// daemon serves.
func (e *examination) group() {
	const name = "group"
	const group = config.SystemGroup
	if os.Getuid() == 0 {
		return // whom it serves anyway
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		e.add(checkProblem, name, e.install(), "there is no group %s, whose members may use the machine's daemon", group)
		return
	}
	gid, _ := strconv.Atoi(g.Gid)
	if held, err := os.Getgroups(); os.Getgid() == gid || err == nil && slices.Contains(held, gid) {
		e.add(checkOK, name, "", "you are in the group %s", group)
		return
	}
	me, err := user.Current()
	if err != nil {
		return
	}
	if ids, err := me.GroupIds(); err == nil && slices.Contains(ids, g.Gid) {
		e.add(checkProblem, name, "log in again; in this shell: newgrp "+group, "you are in the group %s, and this session is older than that", group)
	} else {
		e.add(checkProblem, name, e.sudo()+"usermod -aG "+group+" "+packaging.ShellWord(me.Username)+", then log in again", "you are not in the group %s, whose members may use the machine's daemon", group)
	}
	e.first = e.checks[len(e.checks)-1].Fix
}
