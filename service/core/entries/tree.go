package entries

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Tree finds out where folders are, and remembers the latest. It is for one
// read, or for as long as nothing is moved.
type Tree struct {
	known  map[int64]FolderInfo
	lastID int64 // entries of one folder mostly come together
	last   FolderInfo
}

// maxKnown is how many folders a Tree remembers: some megabyte.
const maxKnown = 16 << 10

// A FolderInfo says where a folder is.
type FolderInfo struct {
	Path   string
	Root   int64 // of the location that it is in
	Hidden bool  // whether it, or a folder above it below the root, is hidden
}

// ErrGone is what looking for a folder returns that is not, or no longer, in
// the index.
var ErrGone = errors.New("the folder is not in the index any more")

// Folder returns where a folder is, or ErrGone.
func (t *Tree) Folder(conn *sqlite.Conn, id int64) (FolderInfo, error) {
	if id == t.lastID {
		return t.last, nil
	}
	if f, ok := t.known[id]; ok {
		t.lastID, t.last = id, f
		return f, nil
	}
	parent, name, err := place(conn, id)
	if err != nil {
		return FolderInfo{}, err
	}
	if parent == removed {
		return FolderInfo{}, ErrGone
	}
	f := FolderInfo{Path: name, Root: id}
	if parent != 0 {
		above, err := t.Folder(conn, parent)
		if err != nil {
			return FolderInfo{}, err
		}
		f = above.In(name)
	}
	t.Remember(id, f)
	return f, nil
}

// In returns where the folder with the given name in f is.
func (f FolderInfo) In(name string) FolderInfo {
	return FolderInfo{Path: Join(f.Path, name), Root: f.Root, Hidden: f.Hidden || Hidden(name)}
}

// Remember tells the tree where a folder is.
func (t *Tree) Remember(id int64, f FolderInfo) {
	if len(t.known) >= maxKnown || t.known == nil {
		t.known = make(map[int64]FolderInfo)
	}
	t.known[id] = f
	t.lastID, t.last = id, f
}

// Path returns the path of an entry, or ErrGone.
func (t *Tree) Path(conn *sqlite.Conn, e *Entry) (string, error) {
	if e.Parent == 0 {
		return e.Name, nil
	}
	f, err := t.Folder(conn, e.Parent)
	return Join(f.Path, e.Name), err
}

// place returns the folder that an entry is in, and its name there.
func place(conn *sqlite.Conn, id int64) (parent int64, name string, err error) {
	found := false
	err = store.Each(conn, "SELECT parent, name FROM entry WHERE id = ?", func(s *sqlite.Stmt) error {
		parent, name, found = s.ColumnInt64(0), store.Text(s, 1), true
		return nil
	}, id)
	if err == nil && !found {
		err = fmt.Errorf("entry %d: %w", id, ErrGone)
	}
	return parent, name, err
}

// chain returns the folders that an entry in folder is below, the nearest
// first, up to the location's root or to a folder that was deleted.
func chain(conn *sqlite.Conn, folder int64) (ids []int64, err error) {
	for folder > 0 {
		ids = append(ids, folder)
		if len(ids) > maxDepth {
			return nil, fmt.Errorf("folder %d is below itself", folder)
		}
		if folder, err = parentOf(conn, folder); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// maxDepth is far beyond what file systems allow a path to be.
const maxDepth = 1 << 16

func parentOf(conn *sqlite.Conn, id int64) (parent int64, err error) {
	found := false
	err = store.Each(conn, "SELECT parent FROM entry WHERE id = ?", func(s *sqlite.Stmt) error {
		parent, found = s.ColumnInt64(0), true
		return nil
	}, id)
	if err == nil && !found {
		err = fmt.Errorf("entry %d: %w", id, ErrGone)
	}
	return parent, err
}
