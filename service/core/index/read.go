package index

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"sort"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/core/location"
)

// readFolders reads folders until there are no more, or ctx ends.
func (s *scan) readFolders(ctx context.Context) {
	for t := range s.work {
		if ctx.Err() == nil {
			s.readFolder(t)
		}
		close(t.done)
	}
}

// readFolder lists a folder and looks at what is in it.
func (s *scan) readFolder(t *task) {
	if t.path == s.dataDir {
		t.result = skipped
		return
	}
	fd, err := s.root.open(t.path, t.flags&entry.Mount != 0)
	switch {
	case errors.Is(err, errPseudo):
		t.result = skipped
		return
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		t.result = vanished
		return
	case err != nil:
		t.result, t.err = unreadable, err
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		var names []string
		if names, err = readNames(fd); err == nil {
			if len(names) == 0 && t.flags&entry.Mount != 0 && len(t.known) > 0 && !s.full && sameFileSystemAbove(fd, uint64(st.Dev)) {
				t.result, t.err = unreadable, errUnmounted
				return
			}
			s.look(t, fd, uint64(st.Dev), s.wanted(t.path, names))
			return
		}
	}
	if errors.Is(err, fs.ErrNotExist) { // removed since it was opened
		t.result = vanished
		return
	}
	t.result, t.err = unreadable, err
}

// errUnmounted is why a folder that is empty is not taken for emptied.
var errUnmounted = errors.New("the file system that was mounted here is not (location rescan --full has it forgotten)")

// sameFileSystemAbove reports whether an open folder on the given device is no
// mount point.
func sameFileSystemAbove(fd int, device uint64) bool {
	var above unix.Stat_t
	return unix.Fstatat(fd, "..", &above, 0) == nil && uint64(above.Dev) == device
}

// wanted leaves a library's own files out: they change with every scan.
func (s *scan) wanted(path string, names []string) []string {
	for _, folder := range s.libraries {
		if folder != path {
			continue
		}
		kept := names[:0]
		for _, name := range names {
			if !strings.HasPrefix(name, library.FilePrefix) {
				kept = append(kept, name)
			}
		}
		names = kept
	}
	return names
}

// look finds out what each name in a folder is.
func (s *scan) look(t *task, fd int, device uint64, names []string) {
	sort.Strings(names)
	t.children = make([]child, 0, len(names))
	for _, name := range names {
		c, on, err := lookAt(fd, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since the folder was listed
		}
		if err != nil {
			if t.missing == nil {
				t.missing = make(map[string]error)
			}
			t.missing[name] = err
			continue
		}
		if t.flags&entry.Hidden != 0 || name[0] == '.' {
			c.flags |= entry.Hidden
		}
		if c.kind == entry.Folder && on != device {
			c.flags |= entry.Mount
		}
		t.children = append(t.children, c)
	}
}

// childOf returns what a file's mode, size and times say of it. Only regular
// files have a size: a folder's or a symlink's is of no use to anyone.
func childOf(name string, mode uint32, size, mtime, btime int64) child {
	c := child{name: name, mtime: mtime, btime: btime}
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		c.kind, c.size = entry.KindOfName(name), size
	case unix.S_IFDIR:
		c.kind = entry.Folder
	case unix.S_IFLNK:
		c.kind = entry.Symlink
	default:
		c.kind = entry.Special
	}
	return c
}

// nanoseconds returns the time in the index's form, or the nearest that it
// can hold.
func nanoseconds(sec, nsec int64) int64 {
	const limit = math.MaxInt64/1_000_000_000 - 1
	return min(max(sec, -limit), limit)*1_000_000_000 + nsec
}

var errPseudo = errors.New("a pseudo file system")

// open opens a folder of the location for reading. One that was a mount point
// when it was listed is looked at first: opening it could mount something.
func (r *root) open(path string, mount bool) (int, error) {
	below := strings.TrimPrefix(strings.TrimPrefix(path, r.location.Path), "/")
	if below == "" {
		below = "."
	}
	if mount {
		fd, err := openBelow(r.fd, below, lookOnly)
		if err != nil {
			return -1, err
		}
		name := location.Pseudo(fd)
		unix.Close(fd)
		if name != "" {
			return -1, errPseudo
		}
	}
	return openBelow(r.fd, below, unix.O_RDONLY)
}

// readNames returns the names in an open folder, in no order.
func readNames(fd int) ([]string, error) {
	var names []string
	buf := make([]byte, 32<<10)
	for {
		n, err := retry(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			return names, nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}

// openFolder opens a folder without following a symlink at its end.
func openFolder(dir int, path string) (int, error) {
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

func warningCode(err error) protocol.Code {
	if errors.Is(err, fs.ErrPermission) {
		return protocol.PermissionDenied
	}
	return protocol.OperationFailed
}
