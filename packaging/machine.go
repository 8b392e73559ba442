package packaging

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
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
		files := []File{sysusers("/etc/sysusers.d", o), sampleConfig()}
		if o.DataDir == "" {
			files = append(files, tmpfiles("/etc/tmpfiles.d", o))
		}
		return files
	}
	return []File{sampleConfig()}
}

// makeUser makes the user of the machine's daemon, and its group, where it is
// missing. It returns its name, "" where it was there.
func makeUser() (string, error) {
	const name = config.SystemGroup
	if _, err := user.Lookup(name); err == nil {
		return "", nil
	}
	home := config.SystemDataDir()
	var said []byte
	for _, command := range [][]string{
		{"systemd-sysusers"}, // which reads the file that stands there now
		{"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin", name},
		{"sh", "-c", "addgroup -S " + name + " && adduser -S -D -H -h " + home + " -s /sbin/nologin -G " + name + " " + name}, // busybox
	} {
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		if _, lookup := user.Lookup(name); lookup == nil {
			return name, nil
		}
		if err != nil && !errors.Is(err, exec.ErrNotFound) {
			said = out
		}
	}
	return "", protocol.Errorf(protocol.OperationFailed, "cannot make the user %s: %s", name, firstOf(string(said), "no program for that is known here")).
		WithHint("make a system user and a group of this name, then install again")
}

// packagedUnits returns the units that a package has put in place, where they
// do just what is asked for.
func packagedUnits(o Options) []string {
	if o.Manager != Systemd || o.UnitDir != "" {
		return nil
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
