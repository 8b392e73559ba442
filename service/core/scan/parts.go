package scan

import (
	"context"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// parts are the files and folders of a location that a job reads; where there
// are none it reads all. Of a folder above one it looks at the names alone that
// lead there, so what else is in it stays in the index as it is.
type parts []protocol.Path

// contain reports whether a path is to be read.
func (p parts) contain(path string) bool {
	return len(p) == 0 || slices.ContainsFunc(p, func(part protocol.Path) bool { return part.Contains(protocol.Path(path)) })
}

// in returns the names in a folder that lead to parts, in order. whole is set
// where the folder is to be read with all that is in it.
func (p parts) in(folder string) (names []string, whole bool) {
	if p.contain(folder) {
		return nil, true
	}
	for _, part := range p {
		if protocol.Path(folder).Contains(part) {
			name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(string(part), folder), "/"), "/")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), false
}

// readNames returns the names in an open folder that are to be looked at. Of an
// empty folder, where something may have been mounted, there are none.
func (p parts) readNames(fd int, path string) ([]string, error) {
	names, whole := p.in(path)
	if whole {
		return disk.ReadNames(fd, bigFolder+1)
	}
	if some, err := disk.ReadNames(fd, 1); err != nil || len(some) == 0 {
		return nil, err
	}
	return names, nil
}

// children appends to the given slice what the index has under these names, as
// far as it fits.
func (p parts) children(conn *sqlite.Conn, t *task, to []entries.Entry) ([]entries.Entry, error) {
	names, whole := p.in(t.path)
	if whole {
		return entries.Children(conn, t.id, "", bigFolder+1, to)
	}
	for _, name := range names {
		e, ok, err := entries.In(conn, t.id, name)
		if err != nil {
			return to, err
		}
		if ok {
			to = append(to, e)
		}
	}
	return to, nil
}

// total counts what the index has of the parts.
func (p parts) total(conn *sqlite.Conn, root *entries.Entry) (all entries.Totals, err error) {
	if len(p) == 0 {
		return entries.Total(conn, root.ID)
	}
	for i, part := range p {
		if slices.ContainsFunc(p[:i], func(other protocol.Path) bool { return other.Contains(part) }) {
			continue // they are sorted
		}
		e, ok, err := entries.Lookup(conn, root.Name, string(part))
		if err != nil {
			return all, err
		}
		if !ok {
			continue
		}
		below := entries.Totals{}
		if e.Kind != entries.Folder {
			below.Kinds[e.Kind] = entries.Sum{Entries: 1, Bytes: e.Size}
		} else if below, err = entries.Total(conn, e.ID); err != nil {
			return all, err
		}
		all.Add(1, &below)
	}
	return all, nil
}

// total notes that the job has come to its end, and counts what it has read.
func (b *batch) total(ctx context.Context) (all entries.Totals, err error) {
	if len(b.parts) == 0 {
		return b.location.Finish(ctx, b.job.Library())
	}
	err = b.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		root, _, err := entries.Get(conn, b.location.Root)
		if err == nil {
			all, err = b.parts.total(conn, &root)
		}
		return err
	})
	return all, err
}
