package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

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

// dataLock is the file by whose lock one daemon alone has the instance's data.
func (a *app) dataLock() string {
	return filepath.Join(config.InstanceDir(a.dataDir(), a.instance()), "lock")
}

// holder returns the daemon that has the data of this run, whatever socket it
// listens on; 0 for none, or none that can be told.
func (a *app) holder() int {
	pid, _ := lockHolder(a.dataLock())
	return pid
}

// socketHolder returns the daemon that made the socket of this run; 0 for none,
// and where a service manager made it.
func (a *app) socketHolder() int {
	pid, _ := lockHolder(a.socket() + ".lock")
	return pid
}
