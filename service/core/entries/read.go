package entries

import (
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

// Children calls fn with the entries in a folder whose names follow after, by
// name, at most limit of them.
func Children(conn *sqlite.Conn, folder int64, after string, limit int, fn func(Entry) error) error {
	return each(conn, childrenOf+" ORDER BY name LIMIT "+strconv.Itoa(limit), fn, folder, []byte(after))
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
func ByIdentity(conn *sqlite.Conn, device int64, inode uint64) (all []Entry, err error) {
	err = each(conn, "SELECT "+columns+" FROM entry WHERE inode = ? AND device = ? AND parent >= 0", func(e Entry) error {
		all = append(all, e)
		return nil
	}, int64(inode), device)
	return all, err
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

func one(conn *sqlite.Conn, query string, args ...any) (e Entry, ok bool, err error) {
	err = each(conn, query, func(found Entry) error {
		e, ok = found, true
		return nil
	}, args...)
	return e, ok, err
}

func each(conn *sqlite.Conn, query string, fn func(Entry) error, args ...any) error {
	return store.Each(conn, query, func(s *sqlite.Stmt) error { return fn(read(s)) }, args...)
}

// Empty reports whether the index has nothing but the roots of locations.
func Empty(conn *sqlite.Conn) (bool, error) {
	some, err := store.Int(conn, "SELECT EXISTS (SELECT 1 FROM entry WHERE parent > 0)")
	return some == 0, err
}
