package scan

import (
	"context"
	"errors"
	"maps"
	"sync/atomic"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// A matcher decides what became of the entries that differ from what a folder
// holds: which are new, which were moved, and which file took another's place.
//
// A name that the index does not know is that of an entry elsewhere, if it is
// the same object on the disk and is not at its old path any more. An entry
// that is not found is only marked as absent: the walk may find it later, and
// deletes in the end what it did not (absent.go).
type matcher struct {
	walk *walk

	// moved has the entries that were moved in this walk, and in which round
	// each was. A round ends when its moves are committed, so what was read
	// of the index in that round, or earlier, may still have an entry at its
	// old place.
	moved map[int64]int64
	round atomic.Int64

	// replaced has the files whose place another has taken, by the identity
	// that they had: should it turn up, the file was moved away, and what is
	// in its old place is new.
	replaced map[object]replaced

	displaced map[int64]bool // entries whose name is another's now
	roots     map[int64]bool // whether the root of a location is where it was
}

// An object is a file or folder on the disk.
type object struct {
	device int64
	inode  uint64
}

func objectOf(a *entries.Attributes) object { return object{a.Device, a.Inode} }

type replaced struct {
	was entries.Entry
	now entries.Entry // what has its place, under the same number
	at  entries.Place
}

// maxReplaced bounds what is remembered of files that were replaced.
const maxReplaced = 16 << 10

func newMatcher(w *walk) *matcher {
	return &matcher{
		walk: w, moved: make(map[int64]int64), replaced: make(map[object]replaced),
		displaced: make(map[int64]bool), roots: make(map[int64]bool),
	}
}

// prune forgets what was moved long ago, when it is too much.
func (m *matcher) prune() {
	const kept = 100_000
	if len(m.moved) > kept {
		// Little of what was read before is still to be taken; for that, the
		// index says that the entry is elsewhere when it is to be changed.
		oldest := m.round.Load() - scanAhead
		maps.DeleteFunc(m.moved, func(_, round int64) bool { return round < oldest })
	}
}

// hasMoved reports whether an entry that was read in the given round has been
// moved since.
func (m *matcher) hasMoved(id, round int64) bool {
	at, ok := m.moved[id]
	return ok && at >= round
}

func (m *matcher) isMoved(id int64) bool {
	_, ok := m.moved[id]
	return ok
}

// resolve turns the differences that were found in a folder into changes.
func (m *matcher) resolve(ctx context.Context, t *task, f *found) error {
	w := m.walk
	candidates, err := m.candidates(ctx, f)
	if err != nil {
		return err
	}
	for _, u := range f.updates {
		if m.hasMoved(u.was.ID, t.round) {
			f.inserts = append(f.inserts, u.now)
			continue
		}
		w.add(change{do: update, entry: u.now, place: t.at(u.was.Name), keep: u.keep, quiet: u.quiet})
	}
	for i := range f.replaced {
		m.replace(t, f, &f.replaced[i], candidates)
	}
	for _, e := range f.absent {
		if !m.hasMoved(e.ID, t.round) {
			w.add(change{do: markAbsent, entry: e, place: t.at(e.Name)})
		}
	}
	for i := range f.inserts {
		m.insert(t, f, &f.inserts[i], candidates)
	}
	return nil
}

// insert adds what has a name that the folder did not have, or moves it there.
func (m *matcher) insert(t *task, f *found, e *entries.Entry, candidates map[object][]candidate) {
	w := m.walk
	e.Parent = t.id
	c, moved := m.take(e, candidates)
	if moved {
		m.moveHere(t, e, &c)
	} else {
		e.ID = w.index.NewID()
		w.add(change{do: insert, entry: *e, place: t.at(e.Name)})
	}
	f.name(e, !moved)
}

func (m *matcher) moveHere(t *task, e *entries.Entry, c *candidate) {
	e.ID = c.entry.ID
	from := c.place
	if m.displaced[e.ID] {
		from = entries.DisplacedFrom(from, e.ID)
	}
	m.moved[e.ID] = m.round.Load()
	m.walk.movesPending = true
	m.walk.foldersMoved = m.walk.foldersMoved || e.Kind == entries.Folder
	// The time of change is that of the move, and says nothing of the content.
	// The kind of a known content is by both the content and the name.
	keep := c.entry.Size == e.Size && c.entry.Modified == e.Modified &&
		entries.KindOfName(c.entry.Name) == entries.KindOfName(e.Name)
	if keep {
		keepKind(&c.entry, &e.Attributes)
	}
	r, replaced := m.replaced[objectOf(&c.entry.Attributes)]
	replaced = replaced && r.was.ID == e.ID
	as := &c.entry.Attributes
	if replaced {
		as = &r.now.Attributes
	}
	m.walk.add(change{do: move, entry: *e, place: from, as: as, to: t.path, keep: keep})
	if replaced {
		// It was not saved again, only moved away: what took its place,
		// under its number, gets one of its own.
		delete(m.replaced, objectOf(&c.entry.Attributes))
		r.now.ID = m.walk.index.NewID()
		m.walk.add(change{do: insert, entry: r.now, place: r.at})
	}
}

// replace deals with a name that stands for another object than before.
func (m *matcher) replace(t *task, f *found, d *difference, candidates map[object][]candidate) {
	w := m.walk
	d.now.Parent = t.id
	if m.hasMoved(d.was.ID, t.round) {
		f.inserts = append(f.inserts, d.now)
		return
	}
	c, moved := m.take(&d.now, candidates)
	folder := d.was.Kind == entries.Folder || d.now.Kind == entries.Folder
	if moved && !folder && !w.index.Settled(c.entry.ID) {
		moved = false // it was only written to be put here
	}
	if !moved && !folder {
		// A file that was saved by writing beside it and renaming: it is
		// the same file to everybody.
		d.now.ID = d.was.ID
		w.add(change{do: update, entry: d.now, place: t.at(d.was.Name)})
		if len(m.replaced) < maxReplaced {
			m.replaced[objectOf(&d.was.Attributes)] = replaced{was: d.was, now: d.now, at: t.at(d.was.Name)}
		}
		return
	}
	m.displaced[d.was.ID] = true
	w.add(change{do: displace, entry: d.was, place: t.at(d.was.Name)})
	if moved {
		m.moveHere(t, &d.now, &c)
	} else {
		d.now.ID = w.index.NewID()
		w.add(change{do: insert, entry: d.now, place: t.at(d.now.Name)})
	}
	f.name(&d.now, !moved)
}

// A candidate is an entry elsewhere that may be what was found under a name.
type candidate struct {
	entry entries.Entry
	place entries.Place
	root  int64
}

// candidates returns the entries of the objects that were found under names
// that are new.
func (m *matcher) candidates(ctx context.Context, f *found) (map[object][]candidate, error) {
	if m.walk.loading || len(f.inserts)+len(f.replaced) == 0 {
		return nil, nil
	}
	if m.walk.foldersMoved { // the paths of what is below them have changed
		if err := m.walk.flush(ctx); err != nil {
			return nil, err
		}
	}
	all := make(map[object][]candidate)
	err := m.walk.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		clear(all)
		var tree entries.Tree
		for i := range f.inserts {
			if err := find(conn, &tree, &f.inserts[i].Attributes, all); err != nil {
				return err
			}
		}
		for i := range f.replaced {
			if err := find(conn, &tree, &f.replaced[i].now.Attributes, all); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func find(conn *sqlite.Conn, tree *entries.Tree, a *entries.Attributes, into map[object][]candidate) error {
	found, err := entries.ByIdentity(conn, a.Device, a.Inode)
	if err != nil {
		return err
	}
	for _, e := range found {
		if e.Parent == 0 {
			continue // the root of a location stays where it is
		}
		at, err := tree.PlaceOf(conn, &e)
		if errors.Is(err, entries.ErrGone) {
			continue // deleted with a folder
		}
		if err != nil {
			return err
		}
		in, err := tree.Folder(conn, e.Parent)
		if err != nil {
			return err
		}
		into[objectOf(a)] = append(into[objectOf(a)], candidate{e, at, in.Root})
	}
	return nil
}

// take returns the entry that was moved to where e was found.
func (m *matcher) take(e *entries.Entry, candidates map[object][]candidate) (candidate, bool) {
	if r, ok := m.replaced[objectOf(&e.Attributes)]; ok && r.was.Moved(&e.Attributes) && !m.isMoved(r.was.ID) {
		return candidate{entry: r.was, place: r.at, root: m.walk.root.entry.ID}, true
	}
	for _, c := range candidates[objectOf(&e.Attributes)] {
		if c.entry.Moved(&e.Attributes) && !m.isMoved(c.entry.ID) && m.hasLeft(&c) {
			return c, true
		}
	}
	return candidate{}, false
}

// hasLeft reports whether an entry is not at its path any more. Where the
// location that it is in cannot be reached, nobody knows.
func (m *matcher) hasLeft(c *candidate) bool {
	if !m.rootIsThere(c.root) {
		return false
	}
	if m.displaced[c.entry.ID] || entries.Displaced(c.entry.Name) {
		return true
	}
	now, err := m.walk.devices.stat(c.place.String())
	if err != nil {
		return disk.Absent(err)
	}
	return !now.SameObject(&c.entry.Attributes)
}

// rootIsThere reports whether the root of a location is the folder that it was
// when it was last scanned.
func (m *matcher) rootIsThere(root int64) bool {
	if root == m.walk.root.entry.ID {
		return true
	}
	if there, known := m.roots[root]; known {
		return there
	}
	there := false
	_ = m.walk.job.Library().DB.Read(context.Background(), func(conn *sqlite.Conn) error {
		e, ok, err := entries.Get(conn, root)
		if err == nil && ok {
			now, statErr := m.walk.devices.stat(e.Name)
			there = statErr == nil && now.SameObject(&e.Attributes)
		}
		return err
	})
	m.roots[root] = there
	return there
}
