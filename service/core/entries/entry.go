// Package entries holds what the index knows: a row for each file, folder and
// symlink, its identity, kind and content, and the totals of each folder. It
// alone reads and writes these tables. Others hand Index.Apply changes, follow
// its commits with Index.Follow, and read by Get, Lookup, Children and the
// like, on a connection of the library's database.
package entries

import (
	"zombiezen.com/go/sqlite"
)

// An Entry is one name in a folder: a file, a folder, a symlink. The root of a
// location is one too; its parent is 0 and its name the location's path.
type Entry struct {
	ID     int64
	Parent int64
	Name   string
	Attributes
	Hashed bool // whether the content is known
}

// Attributes are what a file system says of an entry.
type Attributes struct {
	Kind     Kind
	Flags    Flags
	Size     int64 // bytes, of regular files
	Blocks   int64 // of 512 bytes, that it takes on the disk
	Modified int64 // this and the next two are nanoseconds since 1970 UTC
	Changed  int64 // of the inode
	Born     int64 // 0 where the file system does not keep it
	Device   int64 // see Index.Device; 0 where a scan has not seen it yet
	Inode    uint64
}

// Flags of an entry.
type Flags uint8

const (
	// Mount marks a folder that is on another file system than its parent.
	Mount Flags = 2
	// Linked marks a file that has more than one name.
	Linked Flags = 4
)

// Hidden reports whether a name is hidden by itself.
func Hidden(name string) bool { return name != "" && name[0] == '.' }

// SameObject reports whether two observations of one path are of the same
// object on the disk. Where one has no identity yet, they are taken for that,
// and so are those that only the file system's identity tells apart: that of
// some changes with each boot.
func (a *Attributes) SameObject(b *Attributes) bool {
	switch {
	case a.Inode == 0 || b.Inode == 0:
		return true
	case a.Inode != b.Inode:
		return false
	case a.Born != 0 && b.Born != 0:
		return a.Born == b.Born
	}
	return a.Device == b.Device || a.Size == b.Size && a.Modified == b.Modified
}

// Moved reports whether an object that is found at another path than before is
// the same. File systems use the numbers of inodes again, so where the time of
// birth is not known, size and time of modification must be equal too.
func (a *Attributes) Moved(b *Attributes) bool {
	if a.Inode == 0 || a.Device != b.Device || a.Inode != b.Inode || (a.Kind == Folder) != (b.Kind == Folder) ||
		a.Kind.Regular() != b.Kind.Regular() {
		return false
	}
	if a.Born != 0 && b.Born != 0 {
		return a.Born == b.Born
	}
	return a.Size == b.Size && a.Modified == b.Modified
}

// disk returns the bytes that the entry takes on the disk.
func (a *Attributes) disk() int64 { return a.Blocks * 512 }

// Join returns the path of a name in a folder. Unlike path.Join it leaves the
// bytes as they are.
func Join(folder, name string) string {
	if folder == "/" {
		return "/" + name
	}
	return folder + "/" + name
}

// removed is the parent of deleted folders whose rows are still being removed.
const removed = -1

// columns are those that Entry.read takes, in its order.
const (
	columns    = "id, parent, name, kind, flags, size, blocks, mtime, ctime, btime, device, inode, content IS NOT NULL"
	nameColumn = 2
)

// read takes everything but the name.
func (e *Entry) read(s *sqlite.Stmt) {
	e.ID, e.Parent = s.ColumnInt64(0), s.ColumnInt64(1)
	e.Kind, e.Flags = Kind(s.ColumnInt64(3)), Flags(s.ColumnInt64(4))
	e.Size, e.Blocks = s.ColumnInt64(5), s.ColumnInt64(6)
	e.Modified = s.ColumnInt64(7)
	e.Changed, e.Born = e.Modified+s.ColumnInt64(8), s.ColumnInt64(9)
	e.Device, e.Inode = s.ColumnInt64(10), uint64(s.ColumnInt64(11))
	e.Hashed = s.ColumnBool(12)
}
