//go:build !linux

package daemon

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// lockHolder returns the process that a lock file names, 0 where that is not a daemon,
// or has ended.
func lockHolder(path string) (int, error) {
	pid, err := lockPID(path)
	if err != nil || pid == 0 {
		return 0, err
	}
	name, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || filepath.Base(strings.TrimSpace(string(name))) != "spacedrived" {
		return 0, nil
	}
	return pid, nil
}
