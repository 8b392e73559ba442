package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// lockHeld reports whether the process that a lock file names holds the lock.
// The file keeps the number of one that has ended, which may be another's by
// now. To try the lock instead could keep a daemon from it that just starts.
func lockHeld(path string) (bool, error) {
	pid, err := lockPID(path)
	if err != nil {
		return false, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return false, err
	}
	inode := ":" + strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10)
	for line := range strings.Lines(string(locks)) {
		// 1: FLOCK  ADVISORY  WRITE 4711 08:01:1835017 0 EOF (proc_locks(5));
		// Btrfs has another device there than stat(2).
		f := strings.Fields(line)
		if len(f) > 5 && f[1] == "FLOCK" && f[4] == strconv.Itoa(pid) && strings.HasSuffix(f[5], inode) {
			return true, nil
		}
	}
	return false, nil
}
