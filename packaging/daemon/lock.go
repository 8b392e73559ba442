package daemon

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// DataHolder returns the process of the daemon that has the data, whatever socket
// it listens on; 0 for none, or where that is not known.
func (d *Daemon) DataHolder() int {
	pid, _ := d.LockedBy()
	return pid
}

// LockedBy is DataHolder, with an error where the lock file cannot be read, for
// example because it does not exist.
func (d *Daemon) LockedBy() (pid int, err error) {
	return lockHolder(filepath.Join(config.InstanceDir(d.DataDir, d.Instance), "lock"))
}

// SocketHolder returns the process of the daemon that made the socket; 0 for
// none, and where a service manager made it.
func (d *Daemon) SocketHolder() int {
	pid, _ := lockHolder(d.Socket + ".lock")
	return pid
}

// lockPID returns the process that a lock file names, 0 for none: the lock is
// being taken, or the file is not one.
func lockPID(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0, nil
	}
	return pid, nil
}
