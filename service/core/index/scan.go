package index

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	// scanReaders is how many folders are read at once. On a warm cache two
	// keep up with the writer; a disk that seeks gains from a few more.
	scanReaders = 4
	// scanAhead is how many folders are read ahead of the writer.
	scanAhead = 256
)

// A scan compares the folders of a location with their rows.
//
// Its own goroutine takes folders from the table, with the rows of what was in
// them, hands them to the readers, and takes them back in the same order; what
// differs goes into the batch.
type scan struct {
	*batch
	root      *root
	full      bool
	dataDir   string
	libraries []string

	paths      entry.Paths
	freshFrom  int64 // folders with greater ids have no rows in them yet
	fetched    int64 // id of the last folder taken from the table
	exhausted  bool  // whether the table had no more when last looked at
	ahead      []*task
	work       chan *task
	gone       map[int64]bool // folders deleted since the scan was started
	unreadable map[int64]bool // folders whose rows are kept unseen
}

// A task is one folder to compare.
type task struct {
	id, parent int64
	flags      uint8
	path       string // absolute
	known      []row  // what was in it, by name

	// Set by a reader before it closes done.
	done     chan struct{}
	result   result
	err      error
	children []child          // by name
	missing  map[string]error // names that are there and could not be looked at
}

// A result says what came of reading a folder.
type result uint8

const (
	listed result = iota
	vanished
	unreadable
	skipped // not to be entered
)

func (s *scan) run(ctx context.Context) error {
	s.gone, s.unreadable = make(map[int64]bool), make(map[int64]bool)
	s.fetched = s.at.LastFolder
	err := s.batch.run.Library().DB.Read(ctx, func(conn *sqlite.Conn) (err error) {
		if s.freshFrom, err = store.Int(conn, "SELECT max(id) FROM entry"); err != nil || s.at.Before != 0 {
			return err
		}
		s.at.Before, err = store.Int(conn, "SELECT ifnull(sum(files), 0) FROM location_kind WHERE location = ?", s.location.Row)
		return err
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait() // before the root is closed
	defer stop()
	s.work = make(chan *task, scanAhead)
	defer close(s.work)
	for range scanReaders {
		readers.Go(func() { s.readFolders(ctx) })
	}
	for {
		if err := s.fetch(ctx); err != nil {
			return err
		}
		if len(s.ahead) == 0 {
			if s.rows() == 0 {
				break // nothing left, and nothing to come
			}
			if err := s.flush(ctx); err != nil {
				return err
			}
			s.exhausted = false
			continue
		}
		t := s.ahead[0]
		s.ahead = s.ahead[1:]
		select {
		case <-t.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := s.apply(ctx, t); err != nil {
			return err
		}
		if s.due() {
			if err := s.flush(ctx); err != nil {
				return err
			}
			s.exhausted = false
		}
	}
	s.at.Hashing, s.dirty = true, true
	return s.flush(ctx)
}

// fetch takes folders from the table until enough are read ahead.
func (s *scan) fetch(ctx context.Context) error {
	if s.exhausted || len(s.ahead) > scanAhead/2 {
		return nil
	}
	room := scanAhead - len(s.ahead)
	var tasks []*task
	err := s.batch.run.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		tasks = tasks[:0]
		err := store.Each(conn, `SELECT id, parent, flags FROM entry INDEXED BY entry_folder
			WHERE location = ? AND kind = 1 AND id > ? ORDER BY id LIMIT ?`, func(st *sqlite.Stmt) error {
			tasks = append(tasks, &task{id: st.ColumnInt64(0), parent: st.ColumnInt64(1), flags: uint8(st.ColumnInt64(2)), done: make(chan struct{})})
			return nil
		}, s.location.Row, s.fetched, room)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			if t.path, err = s.paths.Folder(conn, t.id); err != nil {
				return err
			}
			if t.id <= s.freshFrom {
				if t.known, err = knownRows(conn, t.id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.exhausted = len(tasks) < room
	for _, t := range tasks {
		s.fetched = t.id
		s.ahead = append(s.ahead, t)
		s.work <- t // has room for all that are ahead
	}
	return nil
}

func knownRows(conn *sqlite.Conn, folder int64) (rows []row, err error) {
	err = store.Each(conn, `SELECT id, name, kind, flags, size, mtime, btime, content IS NOT NULL
		FROM entry WHERE parent = ? ORDER BY name`, func(st *sqlite.Stmt) error {
		rows = append(rows, row{id: st.ColumnInt64(0), content: st.ColumnBool(7), child: child{
			name: store.Text(st, 1), kind: entry.Kind(st.ColumnInt64(2)), flags: uint8(st.ColumnInt64(3)),
			size: st.ColumnInt64(4), mtime: st.ColumnInt64(5), btime: st.ColumnInt64(6),
		}})
		return nil
	}, folder)
	return rows, err
}

// apply puts what differs between a folder and its rows into the batch, and
// the folder's end into the checkpoint.
func (s *scan) apply(ctx context.Context, t *task) error {
	if s.gone[t.id] {
		return nil // with a folder above it
	}
	if s.unreadable[t.parent] {
		t.result = unreadable // what is in an unreadable folder is as well
	}
	switch t.result {
	case vanished:
		if s.root.gone() || t.parent == 0 {
			return errRootGone
		}
		if err := s.deleteFolder(ctx, filepath.Dir(t.path), t.id); err != nil {
			return err
		}
	case unreadable:
		if t.err != nil && !s.unreadable[t.parent] {
			s.warn(t.path, warningCode(t.err), "the folder cannot be read; what the index has of it is kept: "+t.err.Error())
		}
		s.unreadable[t.id] = true
	case skipped, listed:
		if err := s.compare(ctx, t); err != nil {
			return err
		}
		if t.result == skipped {
			s.at.Skipped++
		}
	}
	s.at.LastFolder, s.dirty = t.id, true
	for i := range t.children {
		s.at.SeenBytes += t.children[i].size
	}
	s.at.Seen += int64(len(t.children))
	s.progress = api.Progress{
		Phase: "scan", Done: s.at.Seen, Total: s.at.Before, BytesDone: s.at.SeenBytes, Current: api.Path(t.path),
	}
	if s.at.Before < s.at.Seen {
		s.progress.Total = 0 // it grew; how far, nobody knows
	}
	return nil
}

// compare goes through a folder's children and rows, both by name.
func (s *scan) compare(ctx context.Context, t *task) error {
	known := t.known
	for i := 0; i < len(t.children) || len(known) > 0; {
		if s.rows() >= batchRows {
			// A big folder takes several transactions. It is not done in
			// the checkpoint before its last one.
			if err := s.flush(ctx); err != nil {
				return err
			}
			s.exhausted = false
		}
		order := 0
		switch {
		case len(known) == 0:
			order = -1
		case i == len(t.children):
			order = 1
		default:
			order = strings.Compare(t.children[i].name, known[0].name)
		}
		if order < 0 {
			s.insert(t.id, t.path, t.children[i])
			i++
			continue
		}
		was := known[0]
		known = known[1:]
		if order > 0 {
			if _, there := t.missing[was.name]; there {
				continue
			}
			if err := s.deleteRow(ctx, t.path, was); err != nil {
				return err
			}
			continue
		}
		if err := s.compareOne(ctx, t, was, t.children[i]); err != nil {
			return err
		}
		i++
	}
	for name, err := range t.missing {
		path := entry.Join(t.path, name)
		s.warn(path, warningCode(err), "cannot be looked at: "+err.Error())
	}
	return nil
}

func (s *scan) compareOne(ctx context.Context, t *task, was row, now child) error {
	if (was.kind == entry.Folder) != (now.kind == entry.Folder) {
		// A folder's row must be younger than its parent's, and a file's
		// has nothing below it: not the same row.
		if err := s.deleteRow(ctx, t.path, was); err != nil {
			return err
		}
		s.insert(t.id, t.path, now)
		return nil
	}
	// A mount point whose file system is away still is one.
	now.flags |= was.flags & entry.Mount
	same := was.size == now.size && was.mtime == now.mtime && was.btime == now.btime
	if was.kind.Regular() && now.kind.Regular() && same && (was.content || !s.full) {
		now.kind = was.kind // by its content, or by an older table of names
	}
	if same && was.kind == now.kind && was.flags == now.flags {
		return nil
	}
	s.update(t.path, was, row{id: was.id, child: now})
	return nil
}

// deleteRow deletes an entry, and if it is a folder what is below it first.
func (s *scan) deleteRow(ctx context.Context, folder string, was row) error {
	if was.kind == entry.Folder {
		return s.deleteFolder(ctx, folder, was.id)
	}
	s.delete(folder, was)
	return nil
}

// deleteFolder deletes the rows of a folder and of all below it, the lowest
// first, so that what a crash leaves still hangs together. What is in it goes
// in transactions of its own, the folder's row with the batch.
func (s *scan) deleteFolder(ctx context.Context, above string, id int64) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	folders := []int64{id}
	var own row
	err := s.batch.run.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		folders = folders[:1]
		for i := 0; i < len(folders); i++ {
			err := store.Each(conn, "SELECT id FROM entry WHERE parent = ? AND kind = 1", func(st *sqlite.Stmt) error {
				folders = append(folders, st.ColumnInt64(0))
				return nil
			}, folders[i])
			if err != nil {
				return err
			}
		}
		return store.Each(conn, "SELECT id, name, kind, flags, size FROM entry WHERE id = ?", func(st *sqlite.Stmt) error {
			own = row{id: id, child: child{
				name: string(store.Bytes(st, 1)), kind: entry.Kind(st.ColumnInt64(2)), flags: uint8(st.ColumnInt64(3)), size: st.ColumnInt64(4),
			}}
			return nil
		}, id)
	})
	if err != nil || own.id == 0 {
		return err
	}
	for i := len(folders) - 1; i >= 0; i-- {
		s.gone[folders[i]] = true
		if err := s.empty(ctx, folders[i]); err != nil {
			return err
		}
	}
	s.delete(above, own)
	return nil
}

// empty deletes the rows in a folder that has no folders in it, or whose
// folders are empty.
func (s *scan) empty(ctx context.Context, folder int64) error {
	for {
		var rows []row
		err := s.batch.run.Library().DB.Read(ctx, func(conn *sqlite.Conn) (err error) {
			rows = rows[:0]
			return store.Each(conn, "SELECT id, kind, size FROM entry WHERE parent = ? ORDER BY name LIMIT ?", func(st *sqlite.Stmt) error {
				rows = append(rows, row{id: st.ColumnInt64(0), child: child{kind: entry.Kind(st.ColumnInt64(1)), size: st.ColumnInt64(2)}})
				return nil
			}, folder, batchRows)
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			s.deleteUnnamed(r)
		}
		if err := s.flush(ctx); err != nil || len(rows) < batchRows {
			return err
		}
	}
}
