package scan

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

const (
	// scanReaders is how many folders are read at once. On a warm cache two
	// keep up with the writer; a disk that seeks gains from a few more.
	scanReaders = 4
	// bigFolder is how many entries a folder may have to be held in memory
	// whole. A bigger one is gone through page by page.
	bigFolder = 4096
	pageSize  = 1024
)

// A walk compares the folders of a location with their entries.
//
// Its own goroutine takes the folders in order, with what readers found out
// about each, and puts what differs into the batch.
type walk struct {
	*batch
	root      *root
	full      bool
	dataDir   string
	libraries []string

	queue   *queue
	devices *devices
	match   *matcher

	readingIndex sync.Mutex // one reader does at a time

	movesPending bool // the batch has moves
	foldersMoved bool // the batch has moves of folders
	loading      bool // the library's first entries: none can have moved
}

func (w *walk) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	err := w.begin(ctx)
	if w.loading {
		defer w.index.EndLoad()
	}
	if err != nil {
		stop()
		return err
	}
	var running sync.WaitGroup
	defer running.Wait() // before the root is closed
	defer w.queue.end()
	defer stop()
	for range scanReaders {
		running.Go(func() { (&reader{walk: w}).run(ctx) })
	}
	for t := w.queue.peek(); t != nil && !w.at.Walked; t = w.queue.peek() {
		if t.paged {
			if err := w.nextPage(ctx, t); err != nil {
				return err
			}
			continue
		}
		select {
		case <-t.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if time.Since(t.listed) > listingAge {
			w.queue.anew()
			continue
		}
		w.queue.pop()
		if err := w.take(ctx, t); err != nil {
			return err
		}
		t.found, t.children = found{}, nil
		if w.due() {
			if err := w.start(ctx); err != nil {
				return err
			}
		}
	}
	w.at.Walked, w.dirty = true, true
	if err := w.flush(ctx); err != nil {
		return err
	}
	if err := w.removeAbsent(ctx); err != nil {
		return err
	}
	w.at.Hashing, w.dirty = true, true
	return w.flush(ctx)
}

func (w *walk) flush(ctx context.Context) error {
	err := w.batch.flush(ctx)
	if err == nil && w.movesPending {
		w.movesPending, w.foldersMoved = false, false
		w.match.round.Add(1)
		w.match.prune()
	}
	return err
}

// begin puts the folders that are still to be walked into the queue.
func (w *walk) begin(ctx context.Context) error {
	w.match, w.devices, w.queue = newMatcher(w), newDevices(ctx, w.index), newQueue()
	root := w.root.entry
	if !w.at.Started {
		w.at.Started, w.dirty = true, true
		if err := w.countBefore(ctx); err != nil {
			return err
		}
	}
	if !w.loading { // what was moved is found by its identity
		if err := w.index.Identify(ctx); err != nil {
			return err
		}
	}
	if w.at.Folder != 0 {
		found, err := w.resume(ctx, w.at.Folder)
		if err != nil || found {
			return err
		}
	}
	w.queue.push(newTask(entries.Place{Name: w.location.Path}, root.ID, 0, false))
	return nil
}

func (w *walk) countBefore(ctx context.Context) error {
	err := w.index.Write(ctx, w.origin(), func(tx *entries.Tx) error {
		if err := tx.ClearAbsent(w.root.entry.ID, 0); err != nil {
			return err
		}
		total, err := w.parts.total(tx.Conn, &w.root.entry)
		if err != nil {
			return err
		}
		files, folders, _ := total.Count()
		w.at.Before = files + folders
		if w.loading, err = entries.Empty(tx.Conn); err == nil && w.loading {
			err = w.index.BeginLoad(tx)
		}
		return err
	})
	w.loading = w.loading && err == nil
	return err
}

// resume makes the queue as it was when the given folder was done. It reports
// false where the folder is no longer in the location: the walk then begins
// again.
func (w *walk) resume(ctx context.Context, last int64) (found bool, err error) {
	err = w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		var above []*task // from the folder up
		var tree entries.Tree
		after := ""
		for id := last; id != 0; {
			e, ok, err := entries.Get(conn, id)
			if err != nil || !ok {
				return err
			}
			path, err := tree.Path(conn, id)
			if errors.Is(err, entries.ErrGone) {
				return nil
			}
			if err != nil {
				return err
			}
			above = append(above, pagesOf(id, path, after))
			after = e.Name
			if found = id == w.root.entry.ID; found {
				break
			}
			id = e.Parent
		}
		if found {
			w.queue.push(above...)
		}
		return nil
	})
	return found, err
}

// nextPage puts more folders of one, from the index, in front of it.
func (w *walk) nextPage(ctx context.Context, t *task) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	var folders []*task
	more := false
	names, whole := w.parts.in(t.path)
	err := w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		folders, more = nil, false
		return entries.Folders(conn, t.id, t.after, pageSize, func(e entries.Entry) error {
			more, t.after = true, e.Name
			if !entries.Displaced(e.Name) && (whole || slices.Contains(names, e.Name)) {
				folders = append(folders, newTask(t.at(e.Name), e.ID, e.Flags, false))
			}
			return nil
		})
	})
	if !more {
		w.queue.pop()
	}
	w.queue.push(folders...)
	return err
}

// take puts what was found out about a folder into the batch, and the folder's
// end into the checkpoint.
func (w *walk) take(ctx context.Context, t *task) error {
	switch t.result {
	case vanished:
		if w.root.gone() || t.id == w.root.entry.ID {
			return errRootGone
		}
		w.add(change{do: markAbsent, entry: entries.Entry{ID: t.id}, place: t.place})
	case failed:
		return t.err
	case unreadable:
		w.warn(t.path, disk.Code(t.err), "the folder cannot be read; what the index has of it is kept: "+t.err.Error())
	case big:
		if err := w.takePages(ctx, t); err != nil {
			return err
		}
	case skipped, listed:
		if err := w.takePage(ctx, t, &t.found); err != nil {
			return err
		}
		w.queue.settle(t)
		if t.result == skipped {
			w.at.Skipped++
		}
	}
	w.at.Folder, w.dirty = t.id, true
	w.progress = api.Progress{
		Phase: "scan", Done: w.at.Seen, Total: w.at.Before, BytesDone: w.at.SeenBytes, Current: api.Path(t.path),
	}
	if w.at.Before < w.at.Seen {
		w.progress.Total = 0 // it grew; how far, nobody knows
	}
	return nil
}

// takePage puts the differences that were found in a folder, or in a part of
// it, into the batch.
func (w *walk) takePage(ctx context.Context, t *task, f *found) error {
	w.at.Seen += f.seen
	w.at.SeenBytes += f.seenBytes
	if err := w.match.resolve(ctx, t, f); err != nil {
		return err
	}
	for name, err := range f.missing {
		w.warn(entries.Join(t.path, name), disk.Code(err), "cannot be looked at: "+err.Error())
	}
	return nil
}
