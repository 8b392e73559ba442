package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// watchLimit tells the kernel's limit of watched folders, and that nothing
// comes near it: the daemon watches none.
func (e *examination) watchLimit() {
	const name, file = "watch limit", "/proc/sys/fs/inotify/max_user_watches"
	rescan := "folders are not watched yet; '" + e.command("location", "rescan") + "' finds what has changed"
	text, err := os.ReadFile(file)
	limit, perr := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || perr != nil {
		e.add(checkSkipped, name, "", "%s", rescan)
		return
	}
	e.add(checkOK, name, "", "%s (the limit would be %s)", rescan, human.Count(limit))
}

// libraries returns the libraries, none where no daemon tells of them.
func (e *examination) libraries() []api.Library {
	if e.conn == nil {
		return nil
	}
	libs, err := client.Call(e.ctx, e.conn, api.LibrariesList, api.Empty{})
	if err != nil {
		return nil
	}
	return libs.Libraries
}

// Below these the index cannot grow for long, or at all.
const (
	scarceBytes = 1 << 30
	noBytes     = 64 << 20
	noFiles     = 100 // inodes
)

// disk looks at the room on the file systems of the data folder and of the
// libraries, which may be elsewhere.
func (e *examination) disk() {
	seen := make(map[uint64]bool)
	e.diskOf(e.dataDir(), seen)
	for _, l := range e.libraries() {
		e.diskOf(string(l.Path), seen)
	}
}

func (e *examination) diskOf(place string, seen map[uint64]bool) {
	const name = "disk space"
	dir := place
	var st unix.Statfs_t
	for unix.Statfs(dir, &st) != nil {
		if dir == filepath.Dir(dir) || dir == "" {
			e.add(checkSkipped, name, "", "cannot be told")
			return
		}
		dir = filepath.Dir(dir)
	}
	// Not by the file system's id, which several of one kind may have in common.
	if info, err := os.Stat(dir); err == nil {
		id, ok := info.Sys().(*syscall.Stat_t)
		if ok && seen[uint64(id.Dev)] {
			return
		}
		seen[uint64(id.Dev)] = true
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	fix := "make room there; what takes it: du -xh " + packaging.ShellWord(dir) + " | sort -h | tail"
	switch {
	case free < noBytes:
		e.add(checkProblem, name, fix, "only %s are free on the disk of %s", human.Size(free), dir)
	case st.Files > 0 && st.Ffree < noFiles: // a file system without inodes has 0 of 0
		e.add(checkProblem, name, "remove files there that nobody needs", "no more files can be made on the disk of %s: it has no free inodes", dir)
	case free < scarceBytes:
		e.add(checkWarning, name, fix, "%s are free on the disk of %s", human.Size(free), dir)
	default:
		e.add(checkOK, name, "", "%s free on the disk of %s", human.Size(free), dir)
	}
}
