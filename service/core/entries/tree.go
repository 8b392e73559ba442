package entries

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Tree finds out where folders are. It remembers the folders that it has met
// and some of their paths, both within bounds. It is for one read, or for as
// long as nothing is moved.
type Tree struct {
	known map[int64]FolderInfo // with each folder all those above it
	paths map[int64]string
	bytes int // of paths

	lastID int64 // entries of one folder mostly come together
	last   FolderInfo
}

const (
	maxKnownFolders = 16 << 10
	maxPathBytes    = 1 << 20
)

// A FolderInfo says where a folder is.
type FolderInfo struct {
	Root     int64 // of the location that it is in
	Hidden   bool  // whether it, or a folder above it below the root, is hidden
	PathSize int   // of its path in JSON, without the quotes, in bytes

	parent int64
	name   string
}

// ErrGone is what looking for a folder returns that is not, or no longer, in
// the index.
var ErrGone = errors.New("the folder is not in the index any more")

// Folder returns where a folder is, or ErrGone.
func (t *Tree) Folder(conn *sqlite.Conn, id int64) (FolderInfo, error) {
	if id == t.lastID && id != 0 {
		return t.last, nil
	}
	f, ok := t.known[id]
	if !ok {
		var err error
		if f, err = t.meet(conn, id); err != nil {
			return FolderInfo{}, err
		}
	}
	t.lastID, t.last = id, f
	return f, nil
}

// meet looks up a folder, and once all those above it that are not known.
func (t *Tree) meet(conn *sqlite.Conn, id int64) (FolderInfo, error) {
	if t.known == nil || len(t.known) >= maxKnownFolders {
		t.known = make(map[int64]FolderInfo)
	}
	var met []int64 // from the folder up
	above := FolderInfo{}
	for at := id; at != 0; {
		if f, ok := t.known[at]; ok {
			above = f
			break
		}
		parent, name, err := place(conn, at)
		if err == nil && (parent == removed || len(met) > maxDepth) {
			err = ErrGone
		}
		if err != nil {
			for _, m := range met {
				delete(t.known, m)
			}
			return FolderInfo{}, err
		}
		t.known[at] = FolderInfo{parent: parent, name: name}
		met = append(met, at)
		at = parent
	}
	for _, at := range slices.Backward(met) {
		f := t.known[at]
		f.Root, f.PathSize = above.Root, above.PathSize+1+JSONSize(f.name)
		f.Hidden = above.Hidden || f.parent != 0 && Hidden(f.name)
		if f.parent == 0 {
			f.Root = at
		}
		t.known[at] = f
		above = f
	}
	return above, nil
}

// Path returns the path of a folder, or ErrGone.
func (t *Tree) Path(conn *sqlite.Conn, id int64) (string, error) {
	if path, ok := t.paths[id]; ok {
		return path, nil
	}
	f, err := t.Folder(conn, id)
	if err != nil {
		return "", err
	}
	var names []string // from the folder up
	for {
		names = append(names, f.name)
		if f.parent == 0 {
			break
		}
		if above, ok := t.paths[f.parent]; ok {
			names = append(names, above)
			break
		}
		if f, err = t.Folder(conn, f.parent); err != nil {
			return "", err
		}
	}
	slices.Reverse(names)
	if names[0] == "/" && len(names) > 1 {
		names[0] = ""
	}
	path := strings.Join(names, "/")
	if t.paths == nil || t.bytes+len(path) > maxPathBytes {
		t.paths, t.bytes = make(map[int64]string), 0
	}
	if len(path) <= maxPathBytes {
		t.paths[id] = path
		t.bytes += len(path)
	}
	return path, nil
}

// Below reports whether a folder is another one, or below it.
func (t *Tree) Below(conn *sqlite.Conn, id, above int64) (bool, error) {
	for id != above {
		f, err := t.Folder(conn, id)
		if err != nil || f.parent == 0 {
			return false, err
		}
		id = f.parent
	}
	return true, nil
}

// PlaceOf returns the place of an entry, or ErrGone.
func (t *Tree) PlaceOf(conn *sqlite.Conn, e *Entry) (Place, error) {
	if e.Parent == 0 {
		return Place{Name: e.Name}, nil
	}
	path, err := t.Path(conn, e.Parent)
	return Place{Folder: e.Parent, Path: path, Name: e.Name}, err
}

// JSONSize returns how long a name, or a path, is in JSON without its quotes.
// Where it is not UTF-8 it is base64 there, and may be a third longer.
func JSONSize(name string) int {
	n := len(name)
	for i := range len(name) {
		switch c := name[i]; {
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
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
