package packaging

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// machineFiles returns the files that the machine's daemon needs besides its units.
func (o Options) machineFiles() []File {
	switch {
	case !o.System:
		return nil
	case o.Manager == Systemd:
		return []File{sysusers("/etc/sysusers.d", o), tmpfiles("/etc/tmpfiles.d", o), sampleConfig()}
	}
	return []File{sampleConfig()}
}

// makeUser creates the user and the group of the machine's daemon, where they are
// missing. It returns their name, "" where both existed.
func makeUser() (string, error) {
	const name = config.SystemGroup
	if userExists() {
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
		if userExists() {
			return name, nil
		}
		if err != nil && !errors.Is(err, exec.ErrNotFound) {
			said = out
		}
	}
	return "", protocol.Errorf(protocol.OperationFailed, "cannot create the user and the group %s: %s", name, cmp.Or(strings.TrimSpace(string(said)), "no program for that was found")).
		WithHint("create a system user and a group of this name, then install again (docs/macos.md has the commands for a Mac)")
}

func userExists() bool {
	_, noUser := user.Lookup(config.SystemGroup)
	_, noGroup := user.LookupGroup(config.SystemGroup)
	return noUser == nil && noGroup == nil
}

// A folder is to be created for the machine's daemon.
type folder struct {
	name string // below the folder that is created first
	mode fs.FileMode
}

// makeDataDir creates the folders of the machine's daemon that its manager does not
// create: a data folder that the administrator chose, and on a Mac also those that
// must exist before launchd starts it, of the socket and of the file for its stderr.
// Others may enter the folder of the socket; they may enter the data folder only if
// that is the same.
func (o Options) makeDataDir() error {
	if o.Manager != Launchd {
		if o.DataDir == "" {
			return nil
		}
		return makeFolders(o.dataDir(), []folder{{"", 0o700}})
	}
	sockets := filepath.Dir(filepath.Dir(o.socket()))
	if err := makeFolders(sockets, []folder{{"", 0o711}, {"daemon", 0o711}}); err != nil {
		return err
	}
	return makeFolders(o.dataDir(), []folder{{"", 0o700}, {"logs", 0o700}})
}

// makeFolders creates the folders in base that do not exist, for the machine's
// daemon, and makes it the owner of one that exists and is empty.
func makeFolders(base string, folders []folder) error {
	u, err := user.Lookup(config.SystemGroup)
	if err != nil {
		return protocol.Errorf(protocol.OperationFailed, "%w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	// Within the folder above, so that no link that a user puts there leads elsewhere.
	above, err := os.OpenRoot(filepath.Dir(base))
	if err != nil {
		return protocol.Errorf(protocol.OperationFailed, "cannot create the data folder: %w", err).WithHint("create the folder above it, or mount its disk, then install again")
	}
	defer above.Close()
	for _, f := range folders {
		name := filepath.Join(filepath.Base(base), f.name)
		err := above.Mkdir(name, 0o700)
		if errors.Is(err, fs.ErrExist) {
			if owner, empty := ownerOf(above, name); owner == uid {
				continue
			} else if !empty {
				path := filepath.Join(filepath.Dir(base), name)
				return protocol.Errorf(protocol.Conflict, "%s belongs to another user (uid %d) and is not empty: the machine's daemon, which runs as %s, could not use it", path, owner, u.Username).
					With("path", protocol.Path(path)).WithHint("sudo chown -R %s: %s, if nothing else uses it, then install again", u.Username, ShellWord(path))
			}
			err = nil
		}
		if err == nil {
			err = errors.Join(above.Chmod(name, f.mode), above.Lchown(name, uid, gid))
		}
		if err != nil {
			return protocol.Errorf(protocol.OperationFailed, "cannot create the data folder: %w", err)
		}
	}
	return nil
}

// ownerOf returns the owner of a folder, and whether the folder is empty.
func ownerOf(root *os.Root, name string) (owner int, empty bool) {
	dir, err := root.Open(name)
	if err != nil {
		return -1, false
	}
	defer dir.Close()
	if info, err := dir.Stat(); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			owner = int(st.Uid)
		}
	}
	names, err := dir.Readdirnames(1)
	return owner, len(names) == 0 && errors.Is(err, io.EOF)
}

// packagedFiles returns the manager's files that a package has installed, if they
// are what Install would write.
func packagedFiles(o Options) []string {
	if o.UnitDir != "" {
		return nil
	}
	o.Packaged = true
	if o.Manager != Systemd {
		return same(o)
	}
	if dir, err := unitDir(o.System); err != nil || anyUnit(dir) {
		return nil // those overrule the package's
	}
	kind := "user"
	if o.System {
		kind = "system"
	} else if u, err := user.Current(); err == nil && o.DataDir == filepath.Join(u.HomeDir, strings.TrimPrefix(homeDataDir, "%h/")) {
		o.DataDir = ""
	}
	for _, lib := range []string{"/usr/lib", "/lib"} {
		o.UnitDir = filepath.Join(lib, "systemd", kind)
		if files := same(o); files != nil {
			return files
		}
	}
	return nil
}

// same returns the files that o renders if all of them are on disk, else nil.
func same(o Options) (paths []string) {
	files, err := Files(o)
	if err != nil || slices.ContainsFunc(files, missing) {
		return nil
	}
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return paths
}

// anyUnit reports whether a unit of the daemon is in dir.
func anyUnit(dir string) bool {
	units, err := filepath.Glob(filepath.Join(dir, "spacedrive*"))
	return err != nil || slices.ContainsFunc(units, func(name string) bool {
		return strings.HasSuffix(name, ".service") || strings.HasSuffix(name, ".socket")
	})
}
