// Package lockfile keeps two processes from using the same thing at once: a
// socket's path, a data folder, a library. Acquire takes a lock.
package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Lock is an flock(2) on a file that holds the owner's process id. The
// kernel releases it when the process ends, however it ends.
type Lock struct{ f *os.File }

// A HeldError says who holds a lock.
type HeldError struct {
	Path string
	PID  int // 0 where it could not be read
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another process holds it (lock %s)", e.Path)
	}
	return fmt.Sprintf("the process with pid %d holds it (lock %s)", e.PID, e.Path)
}

// Acquire locks the file at path and creates it if it does not exist. If
// another process, or another holder in this one, has the lock, the error is a
// *HeldError. A file of another user is refused, because a lock file is
// written to.
func Acquire(path string) (*Lock, error) {
	for {
		l, err := acquire(path)
		if err != nil || l.At(path) {
			return l, err
		}
		l.Release() // the holder before removed the file: lock the one that is there now
	}
}

func acquire(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("the lock %s is a link: %w", path, fs.ErrPermission)
	}
	if err != nil {
		return nil, err
	}
	if err := own(f); err != nil {
		f.Close()
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return nil, &HeldError{path, holder(f)}
	}
	// The process id is for people and messages; a disk too full to hold it
	// is no reason to refuse.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &Lock{f}, nil
}

// own refuses a file that is another user's, or none.
func own(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if me := os.Geteuid(); st.Mode&unix.S_IFMT != unix.S_IFREG || int(st.Uid) != me && me != 0 {
		return fmt.Errorf("the lock %s is another user's (uid %d), or no file: %w", f.Name(), st.Uid, fs.ErrPermission)
	}
	return nil
}

// A holder that has just taken the lock has not written its process id yet, and
// the file may still name one that is dead.
const (
	holderWait = time.Second
	holderLook = 5 * time.Millisecond
)

// holder returns the process id in a lock file that somebody holds, 0 where it
// cannot be told.
func holder(f *os.File) int {
	for waited := time.Duration(0); waited < holderWait; waited += holderLook {
		text := make([]byte, 32)
		n, _ := f.ReadAt(text, 0)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
		if err == nil && unix.Kill(pid, 0) != unix.ESRCH {
			return pid
		}
		time.Sleep(holderLook)
	}
	return 0
}

// At reports whether path still names the locked file. Nil is nowhere.
func (l *Lock) At(path string) bool {
	if l == nil {
		return false
	}
	held, err := l.f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(held, there)
}

// Release unlocks the file and leaves it in place; a holder that wants it gone
// removes it first. A nil Lock is released already.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	_ = unix.Flock(int(l.f.Fd()), unix.LOCK_UN) // a child that inherited it must not keep it
	l.f.Close()
}
