package listen

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// A lock is an flock(2) on a file that holds its holder's pid. The kernel
// lets it go when the holder ends, however it ends; the file stays, because
// removing it would let two processes lock two files of the same name.
type lock struct{ f *os.File }

func acquire(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if err != syscall.EWOULDBLOCK {
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		return nil, fmt.Errorf("the daemon with pid %s holds it (lock %s)", strings.TrimSpace(string(holder)), path)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return &lock{f}, nil
}

func (l *lock) release() {
	if l != nil {
		l.f.Close()
	}
}
