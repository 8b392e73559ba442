package entries

import (
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// Get returns the entry with the given number; ok is false where there is none,
// or it has been deleted.
func Get(conn *sqlite.Conn, id int64) (e Entry, ok bool, err error) {
	return one(conn, "SELECT "+columns+" FROM entry WHERE id = ? AND parent >= 0", id)
}

// In returns the entry with the given name in a folder.
func In(conn *sqlite.Conn, folder int64, name string) (e Entry, ok bool, err error) {
	return one(conn, "SELECT "+columns+" FROM entry WHERE parent = ? AND name = ?", folder, []byte(name))
}

// Lookup returns the entry at the given path below a location's root, whose
// own path is root.
func Lookup(conn *sqlite.Conn, root, path string) (e Entry, ok bool, err error) {
	e, ok, err = In(conn, 0, root)
	for name := range strings.SplitSeq(strings.TrimPrefix(path, root), "/") {
		if err != nil || !ok {
			return Entry{}, false, err
		}
		if name != "" {
			e, ok, err = In(conn, e.ID, name)
		}
	}
	return e, ok, err
}

// The limits stand in the text of the queries: SQLite prepares a statement again
// each time that a limit is bound to it, which takes five times as long as to
// read a folder of ten.

// Children appends to the given slice the entries in a folder whose names
// follow after, by name, at most limit of them.
func Children(conn *sqlite.Conn, folder int64, after string, limit int, to []Entry) ([]Entry, error) {
	// The names are pieces of one string, which is one allocation a folder.
	var nameRoom [4096]byte
	var endRoom [128]int
	names, ends, first := nameRoom[:0], endRoom[:0], len(to)
	err := store.Each(conn, childrenOf+" ORDER BY name LIMIT "+strconv.Itoa(limit), func(s *sqlite.Stmt) error {
		to = append(to, Entry{})
		to[len(to)-1].read(s)
		n := len(names)
		names = slices.Grow(names, s.ColumnLen(nameColumn))
		names = names[:n+s.ColumnBytes(nameColumn, names[n:cap(names)])]
		ends = append(ends, len(names))
		return nil
	}, folder, []byte(after))
	all, begin := string(names), 0
	for i, end := range ends {
		to[first+i].Name, begin = all[begin:end], end
	}
	return to, err
}

// Folders calls fn with the folders in a folder whose names follow after, by
// name, at most limit of them.
func Folders(conn *sqlite.Conn, folder int64, after string, limit int, fn func(Entry) error) error {
	return each(conn, childrenOf+" AND kind = 1 ORDER BY name LIMIT "+strconv.Itoa(limit), fn, folder, []byte(after))
}

const childrenOf = "SELECT " + columns + " FROM entry WHERE parent = ? AND name > ?"

// ByIdentity returns the entries of an object on the disk: more than one where
// it has hard links. Those that have been deleted are left out, but for what is
// in a folder that was.
func ByIdentity(conn *sqlite.Conn, device int64, inode uint64) ([]Entry, error) {
	return all(conn, "SELECT "+columns+" FROM entry WHERE inode = ? AND device = ? AND parent >= 0", int64(inode), device)
}

// linkedByIdentity is ByIdentity for entries flagged Linked.
func linkedByIdentity(conn *sqlite.Conn, device int64, inode uint64) ([]Entry, error) {
	return all(conn, "SELECT "+columns+" FROM entry INDEXED BY entry_linked WHERE inode = ? AND device = ? AND parent >= 0 AND flags & 4",
		int64(inode), device)
}

// Unhashed calls fn with the regular files after the given number whose content
// is not known, or, if all is set, with every regular file, in the order of
// their numbers.
func Unhashed(conn *sqlite.Conn, after int64, all bool, fn func(Entry) error) error {
	return each(conn, "SELECT "+columns+" FROM entry WHERE id > ? AND kind >= 4 AND (content IS NULL OR ?) ORDER BY id", fn, after, all)
}

// DuplicateBytes returns how many bytes of content are there more than once.
func DuplicateBytes(conn *sqlite.Conn) (int64, error) {
	return store.Int(conn, "SELECT ifnull(sum((refs - 1) * size), 0) FROM content WHERE refs > 1")
}

func all(conn *sqlite.Conn, query string, args ...any) (found []Entry, err error) {
	err = each(conn, query, func(e Entry) error {
		found = append(found, e)
		return nil
	}, args...)
	return found, err
}

func one(conn *sqlite.Conn, query string, args ...any) (e Entry, ok bool, err error) {
	err = each(conn, query, func(found Entry) error {
		e, ok = found, true
		return nil
	}, args...)
	return e, ok, err
}

func each(conn *sqlite.Conn, query string, fn func(Entry) error, args ...any) error {
	return store.Each(conn, query, func(s *sqlite.Stmt) error {
		e := Entry{Name: store.Text(s, nameColumn)}
		e.read(s)
		return fn(e)
	}, args...)
}

// Empty reports whether the index has nothing but the roots of locations.
func Empty(conn *sqlite.Conn) (bool, error) {
	some, err := store.Int(conn, "SELECT EXISTS (SELECT 1 FROM entry WHERE parent > 0)")
	return some == 0, err
}
