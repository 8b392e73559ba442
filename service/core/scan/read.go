package scan

import (
	"context"
	"errors"
	"io/fs"
	"sort"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// A result says what came of reading a folder.
type result uint8

const (
	listed result = iota
	vanished
	unreadable
	skipped // not to be entered
	big     // to be gone through page by page
)

// found is what a reader found out about a folder.
type found struct {
	result result
	err    error // why it is unreadable
	differences
	folders []subfolder // in it, by name
	missing map[string]error

	seen, seenBytes int64
}

// A subfolder is a folder in a folder. Those that are new have no ID before
// they are in the batch.
type subfolder struct {
	entries.Entry
	fresh bool
}

// name gives a subfolder that is new the number of its entry.
func (f *found) name(e *entries.Entry, fresh bool) {
	if e.Kind != entries.Folder {
		return
	}
	i := sort.Search(len(f.folders), func(i int) bool { return f.folders[i].Name >= e.Name })
	if i < len(f.folders) && f.folders[i].Name == e.Name {
		f.folders[i].ID, f.folders[i].Flags, f.folders[i].fresh = e.ID, e.Flags, fresh
	}
}

// readFolders reads folders until there are no more, or ctx ends.
func (w *walk) readFolders(ctx context.Context) {
	for t := range w.work {
		if ctx.Err() == nil {
			w.readFolder(t)
		}
		t.known = nil
		close(t.done)
	}
}

// readFolder lists a folder, looks at what is in it, and compares that with
// what the index has.
func (w *walk) readFolder(t *task) {
	fd, names, ok := w.list(t)
	if !ok {
		return
	}
	defer unix.Close(fd)
	if len(names) > bigFolder || len(t.known) > bigFolder {
		t.result = big
		return
	}
	sort.Strings(names)
	children, ok := w.look(t, fd, names)
	if ok {
		t.compare(children, t.known, w.full)
	}
}

// list opens a folder and returns the names in it, at most one more than a
// folder may have that is held in memory. ok is false where there is nothing
// more to be done, but for result skipped, which counts as an empty folder.
func (w *walk) list(t *task) (fd int, names []string, ok bool) {
	skip := func() (int, []string, bool) {
		t.result = skipped
		t.compare(nil, t.known, w.full)
		return -1, nil, false
	}
	if t.path == w.dataDir {
		return skip()
	}
	fd, err := w.root.open(t.path, t.flags&entries.Mount != 0)
	switch {
	case errors.Is(err, disk.ErrPseudo):
		return skip()
	case disk.Absent(err):
		t.result = vanished
		return -1, nil, false
	case err != nil:
		t.result, t.err = unreadable, err
		return -1, nil, false
	}
	names, err = disk.ReadNames(fd, bigFolder+1)
	var st unix.Stat_t
	if err == nil {
		err = unix.Fstat(fd, &st)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // removed since it was opened
		t.result = vanished
	case err != nil:
		t.result, t.err = unreadable, err
	case len(names) == 0 && t.flags&entries.Mount != 0 && len(t.known) > 0 && !w.full && sameFileSystemAbove(fd, uint64(st.Dev)):
		t.result, t.err = unreadable, errUnmounted
	default:
		return fd, w.wanted(t.path, names), true
	}
	unix.Close(fd)
	return -1, nil, false
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
func (w *walk) wanted(path string, names []string) []string {
	for _, folder := range w.libraries {
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

// look finds out what each name in an open folder is. ok is false where the
// folder turned out to be unreadable.
func (w *walk) look(t *task, fd int, names []string) (children []entries.Entry, ok bool) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.result, t.err = unreadable, err
		return nil, false
	}
	children = make([]entries.Entry, 0, len(names))
	for _, name := range names {
		seen, err := disk.LookAt(fd, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since the folder was listed
		}
		e := entries.Entry{Name: name}
		if err == nil {
			e.Attributes, err = w.devices.attributes(t.path, name, &seen)
		}
		if err != nil {
			if t.missing == nil {
				t.missing = make(map[string]error)
			}
			t.missing[name] = err
			continue
		}
		if e.Kind == entries.Folder && seen.Device != uint64(st.Dev) {
			e.Flags |= entries.Mount
		}
		children = append(children, e)
	}
	return children, true
}

// open opens a folder of the location for reading. mount says that it was a
// mount point when it was listed.
func (r *root) open(path string, mount bool) (int, error) {
	return disk.Open(r.fd, strings.TrimPrefix(strings.TrimPrefix(path, r.location.Path), "/"), mount)
}
