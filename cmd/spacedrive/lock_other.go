//go:build !linux

package main

import "syscall"

// lockHeld reports whether the process that a lock file names is there.
func lockHeld(path string) (bool, error) {
	pid, err := lockPID(path)
	return err == nil && pid > 0 && syscall.Kill(pid, 0) == nil, err
}
