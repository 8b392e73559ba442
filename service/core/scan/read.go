package scan

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

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
	failed  // the index could not be read
)

// found is what a reader found out about a folder.
type found struct {
	result result
	err    error // why it is unreadable, or the reading failed
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

// A reader reads folders for a walk. What it has of one it uses again for the
// next.
type reader struct {
	*walk
	known    [readTogether][]entries.Entry // in the index
	children []entries.Entry               // on the disk
}

// run reads folders until the queue has ended.
func (r *reader) run(ctx context.Context) {
	var tasks []*task
	for {
		if tasks = r.queue.give(tasks); len(tasks) == 0 {
			return
		}
		err := ctx.Err()
		if err == nil && !tasks[0].fresh {
			err = r.readKnown(ctx, tasks)
		}
		for i, t := range tasks {
			t.listed = time.Now()
			switch {
			case err != nil:
				t.result, t.err = failed, err
			case t.fresh:
				r.readFolder(t, nil)
			default:
				r.readFolder(t, r.known[i])
			}
			r.queue.finish(t)
		}
		r.shrink()
	}
}

// shrink lets go of room that only a big folder took.
func (r *reader) shrink() {
	const usual = 256
	for i := range r.known {
		if cap(r.known[i]) > usual {
			r.known[i] = nil
		}
	}
	if cap(r.children) > usual {
		r.children = nil
	}
}

// readKnown reads what the index has in folders, as far as it fits. One reader
// does at a time: it leaves the other connections of the database to those who
// ask, and keeps the cache of a single one warm.
func (r *reader) readKnown(ctx context.Context, tasks []*task) error {
	r.readingIndex.Lock()
	defer r.readingIndex.Unlock()
	round := r.match.round.Load()
	return r.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) (err error) {
		for i, t := range tasks {
			t.round = round
			if r.known[i], err = r.parts.children(conn, t, r.known[i][:0]); err != nil {
				return err
			}
		}
		return nil
	})
}

// readFolder lists a folder, looks at what is in it, and compares that with
// what the index has.
func (r *reader) readFolder(t *task, known []entries.Entry) {
	fd, device, names, ok := r.list(t, known)
	if !ok {
		return
	}
	defer unix.Close(fd)
	if len(names) > bigFolder || len(known) > bigFolder {
		t.result = big
		return
	}
	sort.Strings(names)
	if len(known) == 0 { // all of it is kept
		t.compare(r.look(t, fd, device, names, nil), nil, r.full)
		return
	}
	r.children = r.look(t, fd, device, names, r.children[:0])
	t.compare(r.children, known, r.full)
}

// list opens a folder and returns its device and the names in it, at most one
// more than a folder may have that is held in memory. ok is false where there
// is nothing more to be done, but for result skipped, which counts as an empty
// folder.
func (w *walk) list(t *task, known []entries.Entry) (fd int, device uint64, names []string, ok bool) {
	skip := func() (int, uint64, []string, bool) {
		t.result = skipped
		t.compare(nil, known, w.full)
		return -1, 0, nil, false
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
		return -1, 0, nil, false
	case err != nil:
		t.result, t.err = unreadable, err
		return -1, 0, nil, false
	}
	names, err = w.parts.readNames(fd, t.path)
	if err == nil {
		device, err = disk.Device(fd)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // removed since it was opened
		t.result = vanished
	case err != nil:
		t.result, t.err = unreadable, err
	case len(names) == 0 && t.flags&entries.Mount != 0 && len(known) > 0 && !w.full && sameFileSystemAbove(fd, device):
		t.result, t.err = unreadable, errUnmounted
	default:
		return fd, device, w.wanted(t.path, names), true
	}
	unix.Close(fd)
	return -1, 0, nil, false
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
	return library.WithoutOwnFiles(w.libraries, path, names)
}

// look finds out what each name in an open folder is, and appends that to the
// given slice. device is that of the folder.
func (w *walk) look(t *task, fd int, device uint64, names []string, to []entries.Entry) []entries.Entry {
	to = slices.Grow(to, len(names))
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
		if e.Kind == entries.Folder && seen.Device != device {
			e.Flags |= entries.Mount
		}
		to = append(to, e)
	}
	return to
}

// open opens a folder of the location for reading. mount says that it was a
// mount point when it was listed.
func (r *root) open(path string, mount bool) (int, error) {
	return disk.Open(r.fd, strings.TrimPrefix(strings.TrimPrefix(path, r.location.Path), "/"), mount)
}
