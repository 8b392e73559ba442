package entries

import (
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A file with several names is on the disk once, so a folder counts its bytes
// on the disk once, however many of the names are below it. All rows of such a
// file have the flag Linked, and the same attributes but for the kind, which
// follows from the name.

// count adds an entry to the totals, or for n = -1 takes it out. The rows of
// the other names of its file are in the table.
func (tx *Tx) count(n int64, e *Entry) error {
	if e.Parent == 0 {
		return nil // the root of a location is in no folder
	}
	var others []Entry
	if e.Flags&Linked != 0 {
		var err error
		if others, err = tx.others(e); err != nil {
			return err
		}
	}
	if n > 0 {
		if err := tx.alike(e, others); err != nil {
			return err
		}
	}
	tx.delta(e.Parent).add(n, &e.Attributes)
	// Where another name is below a folder too, nothing changes on the disk.
	covered, err := tx.covered(others)
	if err != nil || len(covered) == 0 {
		return err
	}
	above, err := tx.above(e.Parent)
	if err != nil {
		return err
	}
	for _, folder := range above {
		if covered[folder] {
			tx.point(folder).Disk -= n * e.disk()
		}
	}
	return nil
}

// others returns the rows of a file's other names. A row of a file that has been
// removed, whose inode is another's now, has another time of birth. During a
// load it finds those that had several names when they were loaded.
func (tx *Tx) others(e *Entry) ([]Entry, error) {
	find := ByIdentity
	if tx.index != nil && tx.index.unidentified.Load() {
		find = linkedByIdentity
	}
	all, err := find(tx.Conn, e.Device, e.Inode)
	rest := all[:0]
	for _, o := range all {
		if o.ID != e.ID && o.Born == e.Born && o.Kind.Regular() == e.Kind.Regular() {
			rest = append(rest, o)
		}
	}
	return rest, err
}

// covered returns all folders that a name of those flagged Linked is below.
func (tx *Tx) covered(names []Entry) (map[int64]bool, error) {
	covered := make(map[int64]bool)
	for _, o := range names {
		if o.Flags&Linked == 0 {
			continue
		}
		above, err := tx.above(o.Parent)
		if err != nil {
			return nil, err
		}
		for _, folder := range above {
			covered[folder] = true
		}
	}
	return covered, nil
}

// alike gives the rows of a file's other names the attributes of e: what is
// seen of a file by one of its names holds for all.
func (tx *Tx) alike(e *Entry, others []Entry) error {
	differ := false
	for i := range others {
		want := e.Attributes
		want.Kind = others[i].Kind
		differ = differ || others[i].Attributes != want
	}
	if !differ {
		return nil
	}
	if err := tx.countAll(-1, others); err != nil {
		return err
	}
	for i := range others {
		o := &others[i]
		kind := o.Kind
		if o.Hashed && (o.Size != e.Size || o.Modified != e.Modified || o.Changed != e.Changed) {
			if err := tx.dropContent(o.ID); err != nil {
				return err
			}
		}
		o.Attributes = e.Attributes
		o.Kind = kind
		if err := tx.writeRow(o); err != nil {
			return err
		}
	}
	return tx.countAll(1, others)
}

// countAll is count for the given names of one file, all that are counted at
// the moment.
func (tx *Tx) countAll(n int64, names []Entry) error {
	disk := int64(0)
	for i := range names {
		a := names[i].Attributes
		if a.Flags&Linked != 0 {
			disk, a.Blocks = a.disk(), 0
		}
		tx.delta(names[i].Parent).add(n, &a)
	}
	covered, err := tx.covered(names)
	for folder := range covered {
		tx.point(folder).Disk += n * disk
	}
	return err
}

// moveTotals moves what is below a folder from the totals of the folders above
// it to those above its new place, whose folder is to; for a folder that is
// deleted that is 0.
func (tx *Tx) moveTotals(e *Entry, to int64) error {
	if err := tx.settle(); err != nil {
		return err
	}
	below, err := Total(tx.Conn, e.ID)
	if err != nil {
		return err
	}
	from, err := tx.above(e.Parent)
	if err != nil {
		return err
	}
	into, err := tx.above(to)
	if err != nil {
		return err
	}
	for _, folder := range into {
		if folder == e.ID {
			return ErrStale // into itself
		}
	}
	if e.Parent != 0 {
		tx.delta(e.Parent).Add(-1, &below)
	}
	if to != 0 {
		tx.delta(to).Add(1, &below)
	}
	if below.linked == 0 {
		return nil
	}
	// Of files that have names below the folder and elsewhere too, those
	// elsewhere go on counting where they are.
	return tx.linkedBelow(e.ID, func(file *Entry, elsewhere map[int64]bool) {
		for _, folder := range from {
			if elsewhere[folder] {
				tx.point(folder).Disk += file.disk()
			}
		}
		for _, folder := range into {
			if elsewhere[folder] {
				tx.point(folder).Disk -= file.disk()
			}
		}
	})
}

// linkedBelow calls fn for each file that has a name below a folder and another
// that is not, with the folders that such others are below. It goes through all
// files of the library that have several names, of which there are few, one at
// a time.
func (tx *Tx) linkedBelow(folder int64, fn func(*Entry, map[int64]bool)) error {
	var file []Entry // names of one
	settle := func() error {
		inside, elsewhere := (*Entry)(nil), make(map[int64]bool)
		for i := range file {
			above, err := tx.above(file[i].Parent)
			if err != nil {
				return err
			}
			if slices.Contains(above, folder) {
				inside = &file[i]
				continue
			}
			for _, id := range above {
				elsewhere[id] = true
			}
		}
		if inside != nil && len(elsewhere) > 0 {
			fn(inside, elsewhere)
		}
		file = file[:0]
		return nil
	}
	query := "SELECT " + columns + " FROM entry INDEXED BY entry_linked WHERE flags & 4 AND parent >= 0 ORDER BY inode, device, btime"
	err := store.Each(tx.Conn, query, func(s *sqlite.Stmt) error {
		var e Entry
		e.read(s)
		if len(file) > 0 && (file[0].Inode != e.Inode || file[0].Device != e.Device || file[0].Born != e.Born) {
			if err := settle(); err != nil {
				return err
			}
		}
		file = append(file, e)
		return nil
	})
	if err != nil {
		return err
	}
	return settle()
}
