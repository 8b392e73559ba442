package entry

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// Flags of an entry.
const (
	Hidden = 1 << iota // its name, or that of a folder above it below the location's root, begins with a dot
	Mount              // it is on another file system than its parent
)

// Paths finds the paths of folders, and remembers the latest.
type Paths struct{ known map[int64]string }

const maxKnownPaths = 4096

// Remember tells Paths the path of a folder.
func (p *Paths) Remember(folder int64, path string) {
	if len(p.known) >= maxKnownPaths || p.known == nil {
		p.known = make(map[int64]string)
	}
	p.known[folder] = path
}

// Folder returns the absolute path of a folder.
func (p *Paths) Folder(conn *sqlite.Conn, folder int64) (string, error) {
	if path, ok := p.known[folder]; ok {
		return path, nil
	}
	// A folder's id is greater than its parent's, so this ends.
	parent, name, found := int64(0), "", false
	err := store.Each(conn, "SELECT parent, name FROM entry WHERE id = ?", func(s *sqlite.Stmt) error {
		parent, name, found = s.ColumnInt64(0), string(store.Bytes(s, 1)), true
		return nil
	}, folder)
	if err != nil {
		return "", err
	}
	if !found || parent >= folder {
		return "", fmt.Errorf("the index has no folder %d", folder)
	}
	path := name
	if parent != 0 {
		above, err := p.Folder(conn, parent)
		if err != nil {
			return "", err
		}
		path = Join(above, name)
	}
	p.Remember(folder, path)
	return path, nil
}

// Join returns the path of a name in a folder. Unlike path.Join it leaves the
// bytes as they are.
func Join(folder, name string) string {
	if folder == "/" {
		return "/" + name
	}
	return folder + "/" + name
}
