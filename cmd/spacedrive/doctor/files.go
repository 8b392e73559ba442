package doctor

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

func dataFolder(f *Facts) Finding {
	dir, daemon := f.DataDir, os.Getuid()
	if u, err := user.Lookup(config.SystemGroup); f.System && err == nil {
		daemon, _ = strconv.Atoi(u.Uid)
	}
	info, err := os.Stat(dir)
	switch {
	case dir == "":
		return find(Problem, "set HOME, or name one with --data-dir", "there is no place for it")
	case errors.Is(err, fs.ErrNotExist):
		above := filepath.Dir(dir)
		for _, err = os.Stat(above); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(above) {
			above = filepath.Dir(above)
		}
		if err := unix.Access(above, unix.W_OK|unix.X_OK); err != nil && !f.System {
			return find(Problem, f.grant(above), "%s does not exist, and cannot be made in %s: %v", dir, above, err)
		}
		return find(OK, "", "%s, not made yet", dir)
	case err != nil:
		return find(Problem, f.grant(f.denied(dir)), "%s is out of your reach: %v", dir, err)
	case !info.IsDir():
		return find(Problem, "move the file away, or name another folder with --data-dir", "%s is not a folder", dir)
	case owner(info) != daemon:
		return find(Problem, f.grant(dir), "%s belongs to %s", dir, userName(owner(info)))
	case daemon != os.Getuid():
		return find(OK, "", "%s", dir) // only its owner may look into it
	}
	if err := unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		return find(Problem, f.grant(dir), "%s: %v", dir, err)
	}
	ours := within(f.defaultDir(), dir)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && ours && owner(info) != daemon {
			return find(Problem, f.grant(dir), "%s in %s belongs to %s: was spacedrive run with sudo?", e.Name(), dir, userName(owner(info)))
		}
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		fix := "name a folder that is for it alone with --data-dir"
		if ours {
			fix = "chmod go-w " + packaging.ShellWord(dir)
		}
		return find(Warning, fix, "%s has mode %o: others may change the index", dir, mode)
	}
	return find(OK, "", "%s", dir)
}

func socket(f *Facts) Finding {
	path, word := f.Socket, packaging.ShellWord(f.Socket)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Units.Socket.Active == "active" && !f.Elsewhere:
		return find(Problem, f.Systemctl()+" restart "+f.Units.Socket.Name, "%s listens, and its socket %s was removed", f.Units.Socket.Name, path)
	case errors.Is(err, fs.ErrNotExist):
		return find(Skipped, "", "%s is not there; the daemon or its socket unit makes it", path)
	case err != nil:
		return find(Problem, f.grant(f.denied(path)), "%s is out of your reach: %v", path, err)
	case info.Mode()&fs.ModeSocket == 0 && within(f.defaultDir(), path):
		return find(Problem, "mv "+word+" "+word+".old && "+f.Command("start"), "%s is not a socket", path)
	case info.Mode()&fs.ModeSocket == 0: // it may be anything
		return find(Problem, "give another with --socket", "%s is not a socket", path)
	case f.System: // systemd's
	case owner(info) != os.Getuid():
		return find(Problem, f.grant(path), "%s belongs to %s", path, userName(owner(info)))
	case info.Mode().Perm()&0o600 != 0o600:
		return find(Problem, "chmod 600 "+word, "%s has mode %o: you may not connect to it", path, info.Mode().Perm())
	case info.Mode().Perm()&0o077 != 0:
		return find(Warning, "chmod 600 "+word, "%s has mode %o: others may connect, and the daemon refuses them", path, info.Mode().Perm())
	}
	return find(OK, "", "%s", path)
}

// denied returns the folder that denies this user access to path, if connecting has
// found it.
func (f *Facts) denied(path string) string {
	if f.DaemonErr != nil {
		if where, ok := f.DaemonErr.Details["denied_by"].(protocol.Path); ok {
			return string(where)
		}
	}
	return path
}

// grant returns the command that gives the daemon's user the rights to a path, if
// it is in the default data folder, where everything is the daemon's, or on the way
// there. Another folder may have been named as the data folder by mistake.
func (f *Facts) grant(path string) string {
	word, name := packaging.ShellWord(path), config.SystemGroup
	if u, err := user.Current(); err == nil && !f.System {
		name = packaging.ShellWord(u.Username)
	}
	home, _ := os.UserHomeDir()
	ours := within(f.defaultDir(), path)
	onTheWay := within(path, f.defaultDir()) && within(home, path) && path != home
	info, err := os.Lstat(path)
	switch {
	case !ours && !onTheWay && f.Variable != "":
		return "unset " + f.Variable + ", or run this as its owner"
	case err != nil || !ours && !onTheWay, os.Getuid() == 0 && owner(info) != 0 && !f.System:
		return "run this as its owner, or name another with --data-dir"
	case owner(info) == os.Getuid() && !f.System:
		return "chmod u+rwx " + word
	case ours:
		return "sudo chown -R " + name + ": " + word
	}
	return "sudo chown " + name + ": " + word // ~/.local, say, with more in it
}

// defaultDir returns the data folder that is used where none is named.
func (f *Facts) defaultDir() string {
	if f.System {
		return config.SystemDataDir()
	}
	return config.DataDir()
}

// owner returns a file's user, -1 where there is no file.
func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username + " (uid " + id + ")"
	}
	return "uid " + id
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && dir != "" && filepath.IsLocal(rel)
}
