package client

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// deniedBy finds the folder on the way to path, or path itself, that is closed
// to this process, and describes whose it is. The group is the one to join to
// be let in, "" where there is none.
func deniedBy(path string) (where, what, group string) {
	where = path
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(where); err == nil || !errors.Is(err, fs.ErrPermission) {
			break
		}
		where = dir // where's name cannot be looked up in dir
		if dir == filepath.Dir(dir) {
			break
		}
	}
	info, err := os.Lstat(where)
	if err != nil {
		return where, err.Error(), ""
	}
	owner := "another user"
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		uid := strconv.FormatUint(uint64(st.Uid), 10)
		owner = "uid " + uid
		if u, err := user.LookupId(uid); err == nil {
			owner = u.Username + " (uid " + uid + ")"
		}
		group = groupToJoin(path, where, info.Mode(), st)
	}
	what = "it belongs to " + owner
	if where != path {
		what = "the folder " + where + " belongs to " + owner
	}
	if group != "" {
		what += " and group " + group
	}
	return where, what + " and has mode " + strconv.FormatUint(uint64(info.Mode().Perm()), 8), group
}

// groupToJoin returns the group whose members may connect to the daemon at path, ""
// if there is none. Only the socket itself and the folder of the machine's daemon
// count: a home folder that a group may read (0750) is no reason to join it. Nor
// are groups that give more than a daemon: root's, and a user's own group, which
// has the user's name.
func groupToJoin(path, where string, mode fs.FileMode, st *syscall.Stat_t) string {
	machines := filepath.Dir(path) == machinesFolder()
	needed := fs.FileMode(0o020) // to connect, unix(7)
	if where != path {
		needed = 0o010
		if !machines || where != filepath.Dir(path) {
			return ""
		}
	}
	if mode&needed == 0 || st.Gid == 0 {
		return ""
	}
	owner, group := strconv.FormatUint(uint64(st.Uid), 10), strconv.FormatUint(uint64(st.Gid), 10)
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	if group == owner && !machines { // whose user and group have one name
		return ""
	}
	return group
}

// machinesFolder is the folder of the machine's daemon's sockets.
func machinesFolder() string {
	if runtime.GOOS == "darwin" {
		return "/Library/Application Support/spacedrive/daemon"
	}
	return "/run/spacedrive"
}
