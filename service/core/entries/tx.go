package entries

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Tx is a transaction that changes the index. Its methods keep totals,
// content references and the change log true. A change names the place where
// the entry is expected: one that is elsewhere by now is left alone, and the
// method returns false.
type Tx struct {
	*store.Tx
	index *Index

	pending []*Entry          // inserted, and not written yet
	parents map[int64]int64   // of folders, as far as they were looked up
	deltas  map[int64]*Totals // to the totals of a folder and of all above it
	points  map[int64]*Totals // to the totals of one folder alone
	fresh   map[int64]bool    // folders that have no totals yet
	roots   map[int64]int64   // of folders
	changed []Change
	rooted  int     // so many of changed have a root
	folder  int64   // that delta was last asked for
	sums    *Totals // what it returned
	least   int64   // the least number of those inserted
}

// A Place is where an entry is.
type Place struct {
	Folder int64
	Path   string // of the folder
	Name   string
}

// String returns the entry's path.
func (p Place) String() string {
	if p.Folder == 0 {
		return p.Name
	}
	return Join(p.Path, p.Name)
}

// ErrStale is what Write returns where the index is no longer as its function
// took it to be: a name that was free is taken, or a folder has gone. Nothing
// was changed; the caller looks again.
var ErrStale = errors.New("the index has changed meanwhile")

// Write calls fn with a transaction, and commits it if fn returns nil: all that
// fn changed, with the folders' totals, the change log and whatever else fn
// wrote. Then it hands the commit to those who follow the index.
func (x *Index) Write(ctx context.Context, origin Origin, fn func(*Tx) error) error {
	return x.Start(ctx, origin, fn).Wait()
}

// Start is Write that does not wait: see store.DB.Start.
func (x *Index) Start(ctx context.Context, origin Origin, fn func(*Tx) error) *store.Writing {
	return x.db.Start(ctx, func(t *store.Tx) error {
		tx := &Tx{
			Tx: t, index: x,
			parents: make(map[int64]int64), deltas: make(map[int64]*Totals), points: make(map[int64]*Totals),
			fresh: make(map[int64]bool), roots: make(map[int64]int64),
		}
		err := fn(tx)
		if err == nil {
			err = tx.finish(origin)
		}
		if errors.Is(err, ErrGone) {
			return ErrStale
		}
		return err
	})
}

func (tx *Tx) finish(origin Origin) error {
	if err := tx.settle(); err != nil {
		return err
	}
	if len(tx.changed) == 0 {
		return nil
	}
	number, err := tx.log()
	if err != nil {
		return err
	}
	commit := &Commit{Number: number, Origin: origin, Changes: tx.changed}
	tx.AfterCommit(func() {
		if tx.least != 0 {
			tx.index.noteTime(tx.least)
		}
		tx.index.publish(commit)
	})
	return nil
}

// Expect makes room for the given number of changes.
func (tx *Tx) Expect(n int) {
	tx.changed, tx.pending = slices.Grow(tx.changed, n), slices.Grow(tx.pending, n)
}

// Insert adds an entry, whose number is one of Index.NewID's, to the folder
// e.Parent, whose path is folder. The entry must stay as it is until the
// transaction ends.
func (tx *Tx) Insert(folder string, e *Entry) error {
	tx.pending = append(tx.pending, e)
	if tx.least == 0 || e.ID < tx.least {
		tx.least = e.ID
	}
	if e.Kind == Folder {
		tx.parents[e.ID] = e.Parent
		tx.fresh[e.ID] = true
	}
	tx.record(Change{What: Inserted, ID: e.ID, Kind: e.Kind, Place: Place{e.Parent, folder, e.Name}})
	if e.Flags&Linked != 0 {
		if err := tx.flush(); err != nil {
			return err
		}
		return tx.count(1, e)
	}
	tx.delta(e.Parent).add(1, &e.Attributes)
	return nil
}

// Update gives the entry at its place other attributes. Its content is unknown
// from then on where keep is false.
func (tx *Tx) Update(at Place, e Entry, keep bool) (bool, error) {
	was, ok, err := tx.at(at, e.ID)
	if err != nil || !ok {
		return false, err
	}
	e.Parent, e.Name = was.Parent, was.Name
	if err := tx.replace(&was, &e, keep); err != nil {
		return false, err
	}
	tx.record(Change{What: Updated, ID: e.ID, Kind: e.Kind, Place: at})
	return true, nil
}

// Move moves an entry to the folder e.Parent, whose path is folder, under the
// name e.Name, and gives it the attributes in e. What is below a folder moves
// with it, and costs nothing. Its content stays known if keep is true. An entry
// that stands for another object than as, because another file has taken its
// place meanwhile, stays where it is.
func (tx *Tx) Move(from Place, as *Attributes, folder string, e Entry, keep bool) (bool, error) {
	was, ok, err := tx.at(from, e.ID)
	if err != nil || !ok || was.Device != as.Device || was.Inode != as.Inode || was.Born != as.Born {
		return false, err
	}
	if _, taken, err := In(tx.Conn, e.Parent, e.Name); err != nil || taken {
		return false, errors.Join(err, ErrStale)
	}
	if was.Kind == Folder {
		if err := tx.moveTotals(&was, e.Parent); err != nil {
			return false, err
		}
	}
	if err := tx.replace(&was, &e, keep); err != nil {
		return false, err
	}
	if was.Kind == Folder {
		tx.parents[e.ID] = e.Parent
	}
	tx.record(Change{What: Moved, ID: e.ID, Kind: e.Kind, Place: Place{e.Parent, folder, e.Name}, From: from})
	return true, nil
}

// Delete deletes an entry. A folder goes with all that is below it: at once for
// all who read the index, while Index's reaper removes the rows little by
// little. It returns what was deleted, the entry among it.
func (tx *Tx) Delete(at Place, id int64) (gone Totals, ok bool, err error) {
	was, ok, err := tx.at(at, id)
	if err != nil || !ok {
		return gone, false, err
	}
	if was.Kind == Folder {
		if err := tx.moveTotals(&was, 0); err != nil {
			return gone, false, err
		}
		if gone, err = Total(tx.Conn, id); err != nil {
			return gone, false, err
		}
	}
	gone.add(1, &was.Attributes)
	if err := tx.count(-1, &was); err != nil {
		return gone, false, err
	}
	if was.Kind == Folder {
		// The number makes the name unique.
		err = tx.Exec("UPDATE entry SET parent = ?, name = ? WHERE id = ?", removed, fmt.Appendf(nil, "%d", id), id)
		tx.parents[id] = removed
		tx.AfterCommit(tx.index.wakeReaper)
	} else {
		err = tx.deleteRow(id)
	}
	if err != nil {
		return gone, false, err
	}
	tx.record(Change{What: Deleted, ID: id, Kind: was.Kind, Place: at, Below: &gone})
	return gone, true, nil
}

// Displace takes an entry's name away, so that another can have it, until the
// caller moves or deletes the entry. It is then at the place that DisplacedFrom
// returns.
func (tx *Tx) Displace(at Place, id int64) (bool, error) {
	if _, ok, err := tx.at(at, id); err != nil || !ok {
		return false, err
	}
	return true, tx.Exec("UPDATE entry SET name = ? WHERE id = ?", []byte(DisplacedFrom(at, id).Name), id)
}

// DisplacedFrom returns the place of an entry that was displaced. No file has a
// name like that.
func DisplacedFrom(at Place, id int64) Place {
	at.Name = fmt.Sprintf("/%d", id)
	return at
}

// Displaced reports whether a name is one that Tx.Displace gives.
func Displaced(name string) bool { return name != "" && name[0] == '/' }

// at returns the entry with the given number, if it is where it is expected.
// What is in a deleted folder is nowhere.
func (tx *Tx) at(p Place, id int64) (Entry, bool, error) {
	if err := tx.flush(); err != nil {
		return Entry{}, false, err
	}
	e, ok, err := Get(tx.Conn, id)
	if err != nil || !ok || e.Parent != p.Folder || e.Name != p.Name {
		return e, false, err
	}
	for folder := e.Parent; folder > 0; {
		if folder, err = tx.parent(folder); err != nil || folder == removed {
			return e, false, err
		}
	}
	return e, true, nil
}

// record notes a change for the commit. What is changed in a folder makes its
// root known even where no total changes.
func (tx *Tx) record(c Change) {
	tx.changed = append(tx.changed, c)
	for _, folder := range []int64{c.Place.Folder, c.From.Folder} {
		if folder != 0 {
			tx.delta(folder)
		}
	}
}

// replace writes an entry's row and counts it again.
func (tx *Tx) replace(was, e *Entry, keep bool) error {
	if err := tx.count(-1, was); err != nil {
		return err
	}
	if was.Hashed && !keep {
		if err := tx.dropContent(e.ID); err != nil {
			return err
		}
	}
	if err := tx.writeRow(e); err != nil {
		return err
	}
	return tx.count(1, e)
}

func (tx *Tx) writeRow(e *Entry) error {
	err := tx.Exec(`UPDATE entry SET parent = ?, name = ?, kind = ?, flags = ?, size = ?, blocks = ?,
		mtime = ?, ctime = ?, btime = ?, device = ?, inode = ? WHERE id = ?`,
		e.Parent, []byte(e.Name), int64(e.Kind), int64(e.Flags), e.Size, e.Blocks,
		e.Modified, e.Changed-e.Modified, e.Born, e.Device, int64(e.Inode), e.ID)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
		return ErrStale
	}
	return err
}

func (tx *Tx) deleteRow(id int64) error {
	if err := tx.dropContent(id); err != nil {
		return err
	}
	return tx.Exec("DELETE FROM entry WHERE id = ?", id)
}

// insertRows is how many rows one statement inserts: 200,000 rows one at a
// time took 630 ms, 64 at a time 420 ms. Should one of them fail, the whole
// transaction is rolled back: to undo the statement alone, SQLite would copy
// every page before it changes it.
const (
	insertRows    = 64
	insertColumns = 12
)

var (
	insertOne = "INSERT OR ROLLBACK INTO entry (id, parent, name, kind, flags, size, blocks, mtime, ctime, btime, device, inode) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	insertMany = insertOne + strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", insertRows-1)
)

// flush writes the rows that were inserted.
func (tx *Tx) flush() error {
	rest := tx.pending
	for len(rest) > 0 {
		n, query := insertRows, insertMany
		if len(rest) < n {
			n, query = 1, insertOne
		}
		stmt, err := tx.Conn.Prepare(query)
		if err != nil {
			return err
		}
		for i := range n {
			bindRow(stmt, i*insertColumns, rest[i])
		}
		if _, err := stmt.Step(); err != nil {
			if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
				return ErrStale
			}
			return err
		}
		rest = rest[n:]
	}
	tx.pending = tx.pending[:0]
	return nil
}

func bindRow(s *sqlite.Stmt, at int, e *Entry) {
	s.BindInt64(at+1, e.ID)
	s.BindInt64(at+2, e.Parent)
	s.BindBytes(at+3, []byte(e.Name))
	s.BindInt64(at+4, int64(e.Kind))
	s.BindInt64(at+5, int64(e.Flags))
	s.BindInt64(at+6, e.Size)
	s.BindInt64(at+7, e.Blocks)
	s.BindInt64(at+8, e.Modified)
	s.BindInt64(at+9, e.Changed-e.Modified)
	s.BindInt64(at+10, e.Born)
	s.BindInt64(at+11, e.Device)
	s.BindInt64(at+12, int64(e.Inode))
}
