package oneoff

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	readers = 4
	// readAhead is how many folders readers have, or have done, that were not
	// taken yet.
	readAhead = 64
	// partNames is how many names of a folder are looked at before what was
	// found is handed on. At 200 bytes each, and two parts a folder, those that
	// are read ahead take 13 MB at most in folders of ordinary size, and in
	// big ones no more: a reader waits until its part was taken.
	partNames = 1024
)

// half is half of readAhead in the text of a query, as SQLite prepares a
// statement again each time that a limit is bound to it.
var half = strconv.Itoa(readAhead / 2)

// A folder is one to look into.
type folder struct {
	id    int64
	path  string
	mount bool
	only  string // the one name in it that is looked at

	parts   chan part // closed once all is read
	skipped bool      // set before that, as is err
	err     error     // why it cannot be read
}

// A part is what was found under some of the names in a folder.
type part struct {
	found  []found
	hidden int // names left out
}

// A found is what was found under a name.
type found struct {
	name string
	disk.Observation
	kind  entries.Kind
	mount bool

	err     error // why it cannot be looked at
	content error // why its content cannot be read
}

// walk looks at all that is below the paths.
func (s *scan) walk(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	work := make(chan *folder, readAhead)
	defer close(work)
	for range readers {
		running.Go(func() { s.readFolders(ctx, work) })
	}
	var ahead []*folder
	last := int64(0) // that was given to readers
	for {
		if len(ahead) <= readAhead/2 {
			next, err := s.folders(last)
			if err != nil {
				return err
			}
			for _, f := range next {
				last = f.id
				work <- f // has room for all that are ahead
			}
			ahead = append(ahead, next...)
		}
		if len(ahead) == 0 {
			return nil
		}
		f := ahead[0]
		ahead = ahead[1:]
		for p := range f.parts {
			if err := s.take(ctx, f, p); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.skipped {
			s.out.Skipped++
		}
		if f.err != nil {
			if err := s.warn(ctx, f.path, "the folder cannot be read", f.err); err != nil {
				return err
			}
		}
	}
}

// begin puts the paths among the folders. One that is no folder is the only
// name in its own.
func (s *scan) begin() error {
	for _, p := range s.in.Paths {
		path, only := string(p), any(nil)
		if o, err := disk.LookAt(unix.AT_FDCWD, path); err != nil || o.Kind(path) != entries.Folder {
			path, only = filepath.Dir(path), []byte(filepath.Base(path))
		}
		if err := s.exec("INSERT INTO folder (parent, name, mount, only) VALUES (0, ?, 1, ?)", []byte(path), only); err != nil {
			return err
		}
	}
	return nil
}

// folders returns some of the folders that come next.
func (s *scan) folders(after int64) (all []*folder, err error) {
	var parents []int64
	err = store.Each(s.conn, "SELECT id, parent, name, mount, only FROM folder WHERE id > ? ORDER BY id LIMIT "+half, func(stmt *sqlite.Stmt) error {
		all = append(all, &folder{
			id: stmt.ColumnInt64(0), path: store.Text(stmt, 2), mount: stmt.ColumnBool(3), only: store.Text(stmt, 4),
			parts: make(chan part, 1),
		})
		parents = append(parents, stmt.ColumnInt64(1))
		return nil
	}, after)
	for i, parent := range parents {
		if err == nil && parent != 0 {
			var above string
			above, err = s.path(parent)
			all[i].path = entries.Join(above, all[i].path)
		}
	}
	return all, err
}

// take counts what was found in a folder, and notes what is still needed.
func (s *scan) take(ctx context.Context, f *folder, p part) error {
	s.out.Hidden += int64(p.hidden)
	for i := range p.found {
		e := &p.found[i]
		var err error
		switch {
		case e.err != nil:
			err = s.warn(ctx, entries.Join(f.path, e.name), "cannot be looked at", e.err)
		case e.kind == entries.Folder:
			s.total.Disk += 512 * e.Blocks
			err = s.exec("INSERT INTO folder (parent, name, mount) VALUES (?, ?, ?)", f.id, []byte(e.name), e.mount)
		default:
			err = s.takeFile(f, e)
		}
		if err != nil {
			return err
		}
		if e.content != nil {
			if err := s.warn(ctx, entries.Join(f.path, e.name), "the content cannot be read", e.content); err != nil {
				return err
			}
		}
		if e.err == nil {
			s.count(e)
		}
	}
	files, folders, bytes := s.total.Count() // of the whole scan
	s.progress = api.Progress{Phase: "scan", Done: files + folders, BytesDone: bytes, Current: api.Path(f.path)}
	s.job.Progress(s.progress)
	return nil
}

// count adds what was found to the totals.
func (s *scan) count(e *found) {
	sum := &s.total.Kinds[e.kind]
	sum.Entries++
	if e.kind.Regular() {
		sum.Bytes += e.Size
	}
}

// takeFile notes a file for what comes of it besides the counts, unless another
// of its names was met before.
func (s *scan) takeFile(f *folder, e *found) error {
	if e.Links > 1 {
		err := s.exec("INSERT OR IGNORE INTO link VALUES (?, ?)", int64(e.Device), int64(e.Inode))
		if err != nil || s.conn.Changes() == 0 {
			return err
		}
	}
	s.total.Disk += 512 * e.Blocks
	if !e.kind.Regular() || e.Size == 0 {
		return nil
	}
	s.biggest.add(f.path, e)
	if e.content != nil {
		return nil
	}
	return s.exec("INSERT INTO file (folder, name, size, modified, device, inode) VALUES (?, ?, ?, ?, ?, ?)",
		f.id, []byte(e.name), e.Size, e.Modified, int64(e.Device), int64(e.Inode))
}

// readFolders reads folders until there are no more, or ctx ends.
func (s *scan) readFolders(ctx context.Context, work <-chan *folder) {
	reader := disk.NewReader()
	for f := range work {
		if ctx.Err() == nil {
			s.readFolder(ctx, f, reader)
		}
		close(f.parts)
	}
}

func (s *scan) readFolder(ctx context.Context, f *folder, reader *disk.Reader) {
	if f.path == s.dataDir {
		f.skipped = true
		return
	}
	fd, err := s.open(f.path, f.mount)
	switch {
	case errors.Is(err, disk.ErrPseudo):
		f.skipped = true
		return
	case disk.Absent(err) && f.id > int64(len(s.in.Paths)):
		return // gone since it was listed
	case err != nil:
		f.err = err
		return
	}
	defer unix.Close(fd)
	device, err := disk.Device(fd)
	if err != nil {
		f.err = err
		return
	}
	for more := true; more; {
		names := []string{f.only}
		if more = f.only == ""; more {
			if names, f.err = disk.ReadNames(fd, partNames); f.err != nil {
				if errors.Is(f.err, fs.ErrNotExist) {
					f.err = nil // removed since it was opened
				}
				return
			}
			more = len(names) >= partNames
		}
		select {
		case f.parts <- s.look(f, fd, device, names, reader):
		case <-ctx.Done():
			return
		}
	}
}

// look finds out what each name in an open folder is.
func (s *scan) look(f *folder, fd int, device uint64, names []string, reader *disk.Reader) (p part) {
	names = library.WithoutOwnFiles(s.libraries, f.path, names)
	if f.only == "" && !s.in.IncludeHidden {
		all := len(names)
		names = slices.DeleteFunc(names, entries.Hidden)
		p.hidden = all - len(names)
	}
	slices.Sort(names)
	p.found = make([]found, 0, len(names))
	for _, name := range names {
		e := found{name: name}
		if e.Observation, e.err = disk.LookAt(fd, name); e.err != nil {
			if f.only == "" && errors.Is(e.err, fs.ErrNotExist) {
				continue // gone since the folder was listed
			}
			p.found = append(p.found, e)
			continue
		}
		e.kind, e.mount = e.Kind(name), e.Device != device
		if s.in.Mode == api.Content && e.kind.Regular() && e.Size > 0 {
			e.kind, e.content = reader.Kind(fd, name)
			if errors.Is(e.content, fs.ErrNotExist) || errors.Is(e.content, disk.ErrChanged) || errors.Is(e.content, disk.ErrInUse) {
				e.content = nil
			}
		}
		p.found = append(p.found, e)
	}
	return p
}
