//go:build !darwin

package listen

import "syscall"

// There is no launchd here.

func launchdJob() bool { return false }

func activateSocket(string) ([]int, error) { return nil, syscall.ESRCH }
