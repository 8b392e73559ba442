package main

import (
	"errors"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// oneCore returns a starter of processes that run on one core, the same for
// all. It is the last that this process may use: interrupts mostly go to the
// first.
func oneCore() (starter, error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, err
	}
	for cpu := len(all)*64 - 1; cpu >= 0; cpu-- {
		if all.IsSet(cpu) {
			one.Set(cpu)
			return func(cmd *exec.Cmd) error { return startOn(cmd, &one, &all) }, nil
		}
	}
	return nil, errors.New("no core to run on")
}

// startOn starts cmd with an affinity that it inherits from this thread, so
// that its runtime counts one core from the beginning.
func startOn(cmd *exec.Cmd, one, all *unix.CPUSet) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedSetaffinity(0, one); err != nil {
		return err
	}
	err := cmd.Start()
	return errors.Join(err, unix.SchedSetaffinity(0, all))
}
