package entries

import (
	"encoding/binary"
	"errors"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Totals count what is below a folder, itself not among it.
type Totals struct {
	Kinds [len(kindNames)]Sum // by kind
	// Disk is how many bytes all of it takes on the disk. A file with several
	// names counts once.
	Disk   int64
	linked int64 // entries with the flag Linked
}

// A Sum counts entries, and their sizes in bytes: every name of a file counts.
type Sum struct{ Entries, Bytes int64 }

// Add adds n times what o counts.
func (t *Totals) Add(n int64, o *Totals) {
	for k := range o.Kinds {
		t.Kinds[k].Entries += n * o.Kinds[k].Entries
		t.Kinds[k].Bytes += n * o.Kinds[k].Bytes
	}
	t.Disk += n * o.Disk
	t.linked += n * o.linked
}

func (t *Totals) add(n int64, a *Attributes) {
	t.Kinds[a.Kind].Entries += n
	t.Kinds[a.Kind].Bytes += n * a.Size
	t.Disk += n * a.disk()
	if a.Flags&Linked != 0 {
		t.linked += n
	}
}

// Count returns the number of folders, of everything else, and the bytes.
func (t *Totals) Count() (files, folders, bytes int64) {
	for k := range t.Kinds {
		if Kind(k) == Folder {
			folders += t.Kinds[k].Entries
			continue
		}
		files += t.Kinds[k].Entries
		bytes += t.Kinds[k].Bytes
	}
	return files, folders, bytes
}

// ByKind returns the counts of all but folders by the kinds' words.
func (t *Totals) ByKind() map[string]api.Count {
	kinds := make(map[string]api.Count)
	for k, n := range t.Kinds {
		if Kind(k) != Folder && n.Entries > 0 {
			kinds[Kind(k).String()] = api.Count{Files: n.Entries, Bytes: n.Bytes}
		}
	}
	return kinds
}

// Total returns the totals of a folder: one read, whatever is below it.
func Total(conn *sqlite.Conn, folder int64) (t Totals, err error) {
	err = store.Each(conn, "SELECT sums FROM total WHERE folder = ?", func(s *sqlite.Stmt) error {
		return t.decode(store.Bytes(s, 0))
	}, folder)
	return t, err
}

// encode appends t's form in the database: Disk and linked, then kind, entries
// and bytes of each kind that there is, all as varints of encoding/binary.
func (t *Totals) encode(to []byte) []byte {
	to = binary.AppendVarint(to, t.Disk/512)
	to = binary.AppendVarint(to, t.linked)
	for k, n := range t.Kinds {
		if n != (Sum{}) {
			to = append(to, byte(k))
			to = binary.AppendVarint(to, n.Entries)
			to = binary.AppendVarint(to, n.Bytes)
		}
	}
	return to
}

func (t *Totals) decode(from []byte) error {
	bad := false
	next := func() int64 {
		v, n := binary.Varint(from)
		if n <= 0 {
			bad = true
			return 0
		}
		from = from[n:]
		return v
	}
	t.Disk, t.linked = 512*next(), next()
	for len(from) > 0 && !bad {
		k := int(from[0])
		from = from[1:]
		if k >= len(t.Kinds) {
			bad = true
			break
		}
		t.Kinds[k] = Sum{next(), next()}
	}
	if bad {
		return errors.New("the totals of a folder are damaged")
	}
	return nil
}

// settle adds what the transaction changed so far to the totals of all folders
// above the changes.
func (tx *Tx) settle() error {
	if err := tx.flush(); err != nil {
		return err
	}
	sums := tx.points // of every folder above
	for folder, delta := range tx.deltas {
		root := int64(0)
		for at, depth := folder, 0; at > 0; depth++ {
			if depth > maxDepth {
				return errors.New("a folder is below itself")
			}
			sum := sums[at]
			if sum == nil {
				sum = new(Totals)
				sums[at] = sum
			}
			sum.Add(1, delta)
			root = at
			parent, err := tx.parent(at)
			if err != nil {
				return err
			}
			if parent == removed {
				root = 0
			}
			at = parent
		}
		tx.roots[folder] = root
	}
	for i := range tx.changed[tx.rooted:] {
		c := &tx.changed[tx.rooted+i]
		c.Root, c.FromRoot = tx.roots[c.Place.Folder], tx.roots[c.From.Folder]
		if c.Place.Folder == 0 {
			c.Root = c.ID
		}
	}
	tx.rooted = len(tx.changed)
	clear(tx.deltas)
	tx.sums = nil
	for folder, sum := range sums {
		if *sum == (Totals{}) {
			continue
		}
		if err := tx.addTotal(folder, sum); err != nil {
			return err
		}
	}
	clear(tx.points)
	return nil
}

func (tx *Tx) addTotal(folder int64, delta *Totals) error {
	if tx.fresh[folder] {
		tx.fresh[folder] = false
		return tx.Exec("INSERT INTO total (folder, sums) VALUES (?, ?)", folder, delta.encode(nil))
	}
	t, err := Total(tx.Conn, folder)
	if err != nil {
		return err
	}
	t.Add(1, delta)
	if t == (Totals{}) {
		return tx.Exec("DELETE FROM total WHERE folder = ?", folder)
	}
	return tx.Exec("INSERT INTO total (folder, sums) VALUES (?, ?) ON CONFLICT DO UPDATE SET sums = excluded.sums", folder, t.encode(nil))
}

// parent returns the folder that a folder is in.
func (tx *Tx) parent(id int64) (int64, error) {
	if parent, ok := tx.parents[id]; ok {
		return parent, nil
	}
	parent, err := parentOf(tx.Conn, id)
	if err == nil {
		tx.parents[id] = parent
	}
	return parent, err
}

// below returns the folders above an entry in folder, that one first.
func (tx *Tx) above(folder int64) (ids []int64, err error) {
	for at := folder; at > 0; {
		ids = append(ids, at)
		if at, err = tx.parent(at); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// delta returns what the transaction changed in a folder itself, to be added
// to.
func (tx *Tx) delta(folder int64) *Totals {
	if tx.sums != nil && folder == tx.folder { // what is in one folder mostly comes together
		return tx.sums
	}
	d := tx.deltas[folder]
	if d == nil {
		d = new(Totals)
		tx.deltas[folder] = d
	}
	tx.folder, tx.sums = folder, d
	return d
}

// point returns what is to be added to the totals of one folder alone.
func (tx *Tx) point(folder int64) *Totals {
	d := tx.points[folder]
	if d == nil {
		d = new(Totals)
		tx.points[folder] = d
	}
	return d
}
