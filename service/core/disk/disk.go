// Package disk reads folders and files below an open folder, and follows no
// symlink: what it opens is what the name stands for, and on no pseudo file
// system. Both the index and one-off reports are made from what it finds.
package disk

import (
	"errors"
	"io/fs"
	"math"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// An Observation is what the system says of a file.
type Observation struct {
	Mode          uint32
	Links         uint64
	Size, Blocks  int64 // bytes, and units of 512 bytes
	Modified      int64 // this and the next two are nanoseconds since 1970
	Changed, Born int64 // Born is 0 where it is not known
	Device, Inode uint64
}

// Kind returns what kind of thing an observation is of, by its name where it is
// a regular file.
func (o *Observation) Kind(name string) entries.Kind {
	switch o.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return entries.KindOfName(name)
	case unix.S_IFDIR:
		return entries.Folder
	case unix.S_IFLNK:
		return entries.Symlink
	}
	return entries.Special
}

// nanoseconds returns a time in nanoseconds since 1970, or the nearest that an
// int64 can hold.
func nanoseconds(sec, nsec int64) int64 {
	const limit = math.MaxInt64/1_000_000_000 - 1
	return min(max(sec, -limit), limit)*1_000_000_000 + nsec
}

// ErrPseudo is why a folder is not opened whose file system holds what the
// kernel knows.
var ErrPseudo = errors.New("a pseudo file system")

// Open opens the folder at a path below another for reading. mount says that
// it was a mount point when it was listed: then it is looked at first, since
// opening it could mount something.
func Open(dir int, below string, mount bool) (int, error) {
	if below == "" {
		below = "."
	}
	if mount {
		fd, err := openBelow(dir, below, lookOnly)
		if err != nil {
			return -1, err
		}
		name := Pseudo(fd)
		unix.Close(fd)
		if name != "" {
			return -1, ErrPseudo
		}
	}
	return openBelow(dir, below, unix.O_RDONLY)
}

// OpenFolder opens a folder, which must not be a symlink. Of the path before
// it symlinks are followed.
func OpenFolder(dir int, path string) (int, error) {
	return retry(func() (int, error) { return unix.Openat(dir, path, folderFlags|unix.O_RDONLY, 0) })
}

const folderFlags = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// openParts opens a folder below another, one name at a time, and follows no
// symlink on the way.
func openParts(dir int, below string, mode int) (int, error) {
	at, opened := dir, false
	for {
		part, rest, more := strings.Cut(below, "/")
		flags := folderFlags | unix.O_RDONLY
		if !more {
			flags = folderFlags | mode
		}
		fd, err := retry(func() (int, error) { return unix.Openat(at, part, flags, 0) })
		if opened {
			unix.Close(at)
		}
		if err != nil || !more {
			return fd, err
		}
		at, opened, below = fd, true, rest
	}
}

var direntBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// ReadNames returns the next names in an open folder, in no order, and not many
// more than the given number. None are left where it returns fewer.
func ReadNames(fd, most int) ([]string, error) {
	names := make([]string, 0, min(most, 32))
	buf := direntBuffers.Get().(*[32 << 10]byte)
	defer direntBuffers.Put(buf)
	for len(names) < most {
		n, err := retry(func() (int, error) { return unix.ReadDirent(fd, buf[:]) })
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
	return names, nil
}

// Device returns the device that an open folder is on.
func Device(fd int) (uint64, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return uint64(st.Dev), err
}

// retry repeats a system call that a signal interrupted: the Go runtime's own
// signals do, on file systems that allow it.
func retry[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if err != unix.EINTR {
			return v, err
		}
	}
}

// Absent reports whether an error says that nothing, or no folder, is at a
// path any more.
func Absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// Code returns the code of a warning about what could not be read.
func Code(err error) protocol.Code {
	if errors.Is(err, fs.ErrPermission) {
		return protocol.PermissionDenied
	}
	return protocol.OperationFailed
}
