package scan

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// removeAbsent deletes the entries that the walk did not find, and that did not
// turn up elsewhere.
func (w *walk) removeAbsent(ctx context.Context) error {
	for {
		absent, last, err := w.absent(ctx)
		if err != nil || last == 0 {
			return err
		}
		for _, c := range absent {
			if w.root.gone() {
				return errRootGone
			}
			if w.isGone(c.place) {
				w.add(change{do: remove, entry: c.entry, place: c.place})
			}
		}
		w.forget, w.dirty = last, true
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
}

// absent returns some of the entries that were marked and are still in the
// location, with their places.
func (w *walk) absent(ctx context.Context) (all []candidate, last int64, err error) {
	root := w.root.entry.ID
	err = w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		all = all[:0]
		var marked []entries.Entry
		if marked, last, err = entries.Absent(conn, root, pageSize); err != nil {
			return err
		}
		var tree entries.Tree
		for _, e := range marked {
			in, err := tree.Folder(conn, e.Parent)
			if errors.Is(err, entries.ErrGone) || err == nil && in.Root != root {
				continue // deleted with a folder, or moved to another location
			}
			if err != nil {
				return err
			}
			at, err := tree.PlaceOf(conn, &e)
			if err != nil {
				return err
			}
			all = append(all, candidate{e, at, root})
		}
		return nil
	})
	return all, last, err
}

// isGone reports whether nothing is at a place any more.
func (w *walk) isGone(p entries.Place) bool {
	if entries.Displaced(p.Name) {
		return true
	}
	fd, err := w.root.open(p.Path, false)
	if err != nil {
		return disk.Absent(err)
	}
	defer unix.Close(fd)
	_, err = disk.LookAt(fd, p.Name)
	return disk.Absent(err)
}
