package daemon

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// lockHolder returns the process that a lock file names, 0 where it does not hold
// the lock. The file keeps the number of a process that has ended, which another may
// have by now. Trying the lock instead could make a daemon that is just starting fail.
func lockHolder(path string) (int, error) {
	pid, err := lockPID(path)
	if err != nil || pid == 0 {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, err
	}
	inode := ":" + strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10)
	for line := range strings.Lines(string(locks)) {
		// 1: FLOCK  ADVISORY  WRITE 4711 08:01:1835017 0 EOF (proc_locks(5));
		// Btrfs has another device there than stat(2).
		f := strings.Fields(line)
		if len(f) > 5 && f[1] == "FLOCK" && f[4] == strconv.Itoa(pid) && strings.HasSuffix(f[5], inode) {
			return pid, nil
		}
	}
	return 0, nil
}
