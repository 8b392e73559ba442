package packaging

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// machineFiles are what the machine's daemon needs beside its units.
func (o Options) machineFiles() []File {
	switch {
	case !o.System:
		return nil
	case o.Manager == Systemd:
		return []File{sysusers("/etc/sysusers.d", o), tmpfiles("/etc/tmpfiles.d", o), sampleConfig()}
	}
	return []File{sampleConfig()}
}

// makeUser makes the user and the group of the machine's daemon, where they
// are missing. It returns their name, "" where both were there.
func makeUser() (string, error) {
	const name = config.SystemGroup
	if userIsThere() {
		return "", nil
	}
	home := config.SystemDataDir()
	var said []byte
	for _, command := range [][]string{
		{"systemd-sysusers", "--inline", sysusersLine},
		{"groupadd", "--system", name},
		{"useradd", "--system", "--gid", name, "--no-create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin", name},
		{"addgroup", "-S", name}, // these two are busybox's
		{"adduser", "-S", "-D", "-H", "-h", home, "-s", "/sbin/nologin", "-G", name, name},
	} {
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		if userIsThere() {
			return name, nil
		}
		if err != nil && !errors.Is(err, exec.ErrNotFound) {
			said = out
		}
	}
	return "", protocol.Errorf(protocol.OperationFailed, "cannot make the user and the group %s: %s", name, cmp.Or(strings.TrimSpace(string(said)), "no program for that is known here")).
		WithHint("make a system user and a group of this name, then install again (docs/macos.md has the commands for a Mac)")
}

func userIsThere() bool {
	_, noUser := user.Lookup(config.SystemGroup)
	_, noGroup := user.LookupGroup(config.SystemGroup)
	return noUser == nil && noGroup == nil
}

// makeDataDir makes the folders of the machine's daemon that its manager does
// not: a data folder of one's own choice, and on a Mac also those that launchd
// needs to find, of the socket and of the file for a crash's last words. The
// data folder then lets others pass to the socket, and no further.
func (o Options) makeDataDir() error {
	if o.DataDir == "" && o.Manager != Launchd {
		return nil
	}
	u, err := user.Lookup(config.SystemGroup)
	if err != nil {
		return protocol.Errorf(protocol.OperationFailed, "%w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	type folder struct {
		name string
		mode fs.FileMode
	}
	folders := []folder{{filepath.Base(o.dataDir()), 0o700}}
	if o.Manager == Launchd {
		folders = []folder{{folders[0].name, 0o711}, {folders[0].name + "/daemon", 0o711}, {folders[0].name + "/logs", 0o700}}
	}
	// Within the folder above: what a user of a folder might put into the way leads nowhere else.
	above, err := os.OpenRoot(filepath.Dir(o.dataDir()))
	if err != nil {
		return protocol.Errorf(protocol.OperationFailed, "cannot make the data folder: %w", err).WithHint("make the folder above it, or mount its disk, then install again")
	}
	defer above.Close()
	for _, f := range folders {
		err := above.Mkdir(f.name, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = errors.Join(above.Chmod(f.name, f.mode), above.Lchown(f.name, uid, gid))
		}
		if err != nil {
			return protocol.Errorf(protocol.OperationFailed, "cannot make the data folder: %w", err)
		}
	}
	return nil
}

// packagedUnits returns the units that a package has put in place, where they
// do just what is asked for.
func packagedUnits(o Options) []string {
	if o.Manager != Systemd || o.UnitDir != "" {
		return nil
	}
	if dir, err := unitDir(o.System); err != nil || anyUnit(dir) {
		return nil // those count for more, and are what has to be right
	}
	kind := "user"
	if o.System {
		kind = "system"
	} else if u, err := user.Current(); err == nil && o.DataDir == filepath.Join(u.HomeDir, strings.TrimPrefix(homeDataDir, "%h/")) {
		o.DataDir = ""
	}
	for _, lib := range []string{"/usr/lib", "/lib"} {
		o.Packaged, o.UnitDir = true, filepath.Join(lib, "systemd", kind)
		files, err := Files(o)
		if err != nil {
			return nil
		}
		var same []string
		for _, f := range files {
			if have, err := os.ReadFile(f.Path); err == nil && string(have) == string(f.Content) {
				same = append(same, f.Path)
			}
		}
		if len(same) == len(files) {
			return same
		}
	}
	return nil
}

// anyUnit reports whether there is a unit of the daemon's in dir.
func anyUnit(dir string) bool {
	units, err := filepath.Glob(filepath.Join(dir, "spacedrive*"))
	return err != nil || slices.ContainsFunc(units, func(name string) bool {
		return strings.HasSuffix(name, ".service") || strings.HasSuffix(name, ".socket")
	})
}
