package entry

import (
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// Flags of an entry.
const (
	Hidden = 1 << iota // its name, or that of a folder above it below the location's root, begins with a dot
	Mount              // it is on another file system than its parent
)

// Paths finds the paths of folders. It remembers the names of the folders that
// it has met and some of the paths, both within bounds.
type Paths struct {
	known map[int64]folder // with each folder all those above it
	paths map[int64]string
	bytes int // of paths
}

// A folder is what is known of one. size is how long its path is in JSON.
type folder struct {
	parent int64
	name   string
	size   int
}

const (
	maxKnownFolders = 4096
	maxPathBytes    = 1 << 20
)

// Folder returns the absolute path of a folder.
func (p *Paths) Folder(conn *sqlite.Conn, id int64) (string, error) {
	if path, ok := p.paths[id]; ok {
		return path, nil
	}
	f, err := p.find(conn, id)
	if err != nil {
		return "", err
	}
	var names []string // from the folder up
	for {
		names = append(names, f.name)
		if f.parent == 0 {
			break
		}
		if above, ok := p.paths[f.parent]; ok {
			names = append(names, above)
			break
		}
		f = p.known[f.parent]
	}
	slices.Reverse(names)
	if names[0] == "/" && len(names) > 1 {
		names[0] = ""
	}
	path := strings.Join(names, "/")
	if p.paths == nil || p.bytes+len(path) > maxPathBytes {
		p.paths, p.bytes = make(map[int64]string), 0
	}
	if len(path) <= maxPathBytes {
		p.paths[id] = path
		p.bytes += len(path)
	}
	return path, nil
}

// Size returns how long the path of a folder is in JSON, in bytes, or in CBOR
// at the most.
func (p *Paths) Size(conn *sqlite.Conn, id int64) (int, error) {
	f, err := p.find(conn, id)
	return f.size, err
}

// find returns a folder after it has looked up, once, all those above it.
func (p *Paths) find(conn *sqlite.Conn, id int64) (folder, error) {
	if f, ok := p.known[id]; ok {
		return f, nil
	}
	if p.known == nil || len(p.known) >= maxKnownFolders {
		p.known = make(map[int64]folder)
	}
	var met []int64 // from the folder up
	for at := id; at != 0; at = p.known[at].parent {
		if _, ok := p.known[at]; ok {
			break
		}
		// A folder's id is greater than its parent's, so this ends.
		found := false
		err := store.Each(conn, "SELECT parent, name FROM entry WHERE id = ?", func(s *sqlite.Stmt) error {
			f := folder{parent: s.ColumnInt64(0), name: string(store.Bytes(s, 1))}
			if found = f.parent < at; found {
				p.known[at] = f
			}
			return nil
		}, at)
		if err != nil || !found {
			p.known = nil // not all above those that were met
		}
		if err != nil {
			return folder{}, err
		}
		if !found {
			return folder{}, fmt.Errorf("the index has no folder %d", at)
		}
		met = append(met, at)
	}
	for _, at := range slices.Backward(met) {
		f := p.known[at]
		f.size = p.known[f.parent].size + 1 + JSONSize(f.name)
		p.known[at] = f
	}
	return p.known[id], nil
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

// Join returns the path of a name in a folder. Unlike path.Join it leaves the
// bytes as they are.
func Join(folder, name string) string {
	if folder == "/" {
		return "/" + name
	}
	return folder + "/" + name
}
