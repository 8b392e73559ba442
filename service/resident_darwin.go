package service

import "golang.org/x/sys/unix"

// residentBytes returns the largest resident set that the process has had
// (getrusage(2), in bytes on macOS): the current one is not available
// without cgo.
func residentBytes() uint64 {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return uint64(usage.Maxrss)
}
