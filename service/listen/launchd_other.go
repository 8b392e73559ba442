//go:build !darwin

package listen

import "syscall"

// There is no launchd on this system.

func launchdJob() bool { return false }

func activateSocket(string) ([]int, error) { return nil, syscall.ESRCH }
