package scan

import (
	"context"
	"errors"
	"slices"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

const (
	// scanReaders is how many folders are read at once. On a warm cache two
	// keep up with the writer; a disk that seeks gains from a few more.
	scanReaders = 4
	// scanAhead is how many folders are read ahead of the place of the walk.
	scanAhead = 64
	// bigFolder is how many entries a folder may have to be held in memory
	// whole. A bigger one is gone through page by page.
	bigFolder = 4096
	pageSize  = 1024
)

// A walk compares the folders of a location with their entries.
//
// Its own goroutine takes the folders in order, with what readers found out
// about each, and puts what differs into the batch. What is below a folder
// comes right after it, so the way back up is a stack of levels, each with the
// folders of one folder that are still to come.
type walk struct {
	*batch
	root      *root
	full      bool
	dataDir   string
	libraries []string

	levels  []*level
	ahead   int // folders that readers have, or have done, and that were not taken
	work    chan *task
	devices *devices
	match   *matcher

	movesPending bool // the batch has moves
	foldersMoved bool // the batch has moves of folders
}

// A level holds the folders in one folder that are still to be walked, by name.
type level struct {
	folder  entries.Place // as that in which the folders are
	pending []*task
	// paged is set where the folders are taken from the index, page by page,
	// because there are many or because the walk was resumed. last is the
	// name of the last that was taken.
	paged bool
	last  string
}

// A task is one folder to compare.
type task struct {
	id    int64
	place entries.Place // where it is
	path  string
	flags entries.Flags
	fresh bool // it has no entries in the index yet

	given bool            // to the readers
	known []entries.Entry // what the index has in it, by name
	round int64           // see matcher

	done chan struct{} // closed by a reader that is through
	found
}

func (w *walk) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	if err := w.begin(ctx); err != nil {
		stop()
		return err
	}
	var running sync.WaitGroup
	defer running.Wait() // before the root is closed
	defer stop()
	w.work = make(chan *task, scanAhead)
	defer close(w.work)
	for range scanReaders {
		running.Go(func() { w.readFolders(ctx) })
	}
	for !w.at.Walked && len(w.levels) > 0 {
		if err := w.readAhead(ctx); err != nil {
			return err
		}
		top := w.levels[len(w.levels)-1]
		if len(top.pending) == 0 {
			w.levels = w.levels[:len(w.levels)-1]
			continue
		}
		t := top.pending[0]
		top.pending[0] = nil // so that the array does not hold what was found
		top.pending = top.pending[1:]
		select {
		case <-t.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		w.ahead--
		if err := w.take(ctx, t); err != nil {
			return err
		}
		if w.due() {
			if err := w.flush(ctx); err != nil {
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
	if err == nil {
		w.movesPending, w.foldersMoved = false, false
	}
	return err
}

// begin puts the folders that are still to be walked on the levels.
func (w *walk) begin(ctx context.Context) error {
	w.match, w.devices = newMatcher(w), newDevices(ctx, w.index)
	root := w.root.entry
	if !w.at.Started {
		w.at.Started, w.dirty = true, true
		if err := w.countBefore(ctx); err != nil {
			return err
		}
	}
	if w.at.Folder != 0 {
		found, err := w.resume(ctx, w.at.Folder)
		if err != nil || found {
			return err
		}
	}
	w.levels = []*level{{pending: []*task{w.newTask(entries.Place{}, root.ID, w.location.Path, 0, false)}}}
	return nil
}

func (w *walk) countBefore(ctx context.Context) error {
	err := w.index.Write(ctx, w.origin(), func(tx *entries.Tx) error {
		if err := tx.ClearAbsent(w.root.entry.ID, 0); err != nil {
			return err
		}
		total, err := entries.Total(tx.Conn, w.root.entry.ID)
		if err != nil {
			return err
		}
		files, folders, _ := total.Count()
		w.at.Before = files + folders
		w.at.First, err = entries.Empty(tx.Conn)
		return err
	})
	return err
}

// resume makes the levels as they were when the given folder was done. It
// reports false where the folder is no longer in the location: the walk then
// begins again.
func (w *walk) resume(ctx context.Context, last int64) (found bool, err error) {
	err = w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		levels := []*level{}
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
			levels = append(levels, &level{folder: entries.Place{Folder: id, Path: path}, paged: true, last: after})
			after = e.Name
			if found = id == w.root.entry.ID; found {
				break
			}
			id = e.Parent
		}
		if found {
			slices.Reverse(levels)
			w.levels = levels
		}
		return nil
	})
	return found, err
}

func (w *walk) newTask(in entries.Place, id int64, name string, flags entries.Flags, fresh bool) *task {
	in.Name = name
	return &task{id: id, place: in, path: in.String(), flags: flags, fresh: fresh, done: make(chan struct{})}
}

// readAhead gives the folders that come next to the readers.
func (w *walk) readAhead(ctx context.Context) error {
	top := w.levels[len(w.levels)-1]
	if top.paged && len(top.pending) == 0 {
		if err := w.nextPage(ctx, top); err != nil {
			return err
		}
	}
	// The folders that come next are always read ahead, whatever waits on the
	// levels above. Not one by one, as each group takes a read of the database.
	given := 0
	for given < len(top.pending) && top.pending[given].given {
		given++
	}
	if given > 0 && (given > scanAhead/2 || given == len(top.pending)) && w.ahead > scanAhead/2 {
		return nil
	}
	var tasks []*task
	give := func(t *task) {
		t.given = true
		w.ahead++
		tasks = append(tasks, t)
	}
	for _, t := range top.pending[given:min(len(top.pending), max(given, scanAhead))] {
		give(t)
	}
	for i := len(w.levels) - 2; i >= 0 && w.ahead < scanAhead; i-- {
		for _, t := range w.levels[i].pending {
			if w.ahead >= scanAhead {
				break
			}
			if !t.given {
				give(t)
			}
		}
	}
	if err := w.readKnown(ctx, tasks); err != nil {
		return err
	}
	for _, t := range tasks {
		w.work <- t // has room for all that are ahead
	}
	return nil
}

// nextPage takes more folders of a level from the index.
func (w *walk) nextPage(ctx context.Context, l *level) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	return w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		l.pending = nil
		for l.paged && len(l.pending) == 0 {
			l.paged = false
			err := entries.Folders(conn, l.folder.Folder, l.last, pageSize, func(e entries.Entry) error {
				l.paged, l.last = true, e.Name
				if !entries.Displaced(e.Name) {
					l.pending = append(l.pending, w.newTask(l.folder, e.ID, e.Name, e.Flags, false))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// readKnown reads what the index has in the folders, as far as it fits.
func (w *walk) readKnown(ctx context.Context, tasks []*task) error {
	tasks = slices.DeleteFunc(slices.Clone(tasks), func(t *task) bool { return t.fresh })
	if len(tasks) == 0 {
		return nil
	}
	if w.movesPending {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	round := w.match.nextRound()
	return w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		for _, t := range tasks {
			t.known, t.round = nil, round
			err := entries.Children(conn, t.id, "", bigFolder+1, func(e entries.Entry) error {
				t.known = append(t.known, e)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
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
		if len(t.folders) > 0 {
			w.levels = append(w.levels, &level{folder: t.inside(), pending: w.tasks(t)})
		}
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

// at returns the place of a name in the folder.
func (t *task) at(name string) entries.Place {
	return entries.Place{Folder: t.id, Path: t.path, Name: name}
}

// inside returns the place of what is in the folder, without a name.
func (t *task) inside() entries.Place { return entries.Place{Folder: t.id, Path: t.path} }

// tasks returns the folders in a folder, for the level below it.
func (w *walk) tasks(t *task) []*task {
	var all []*task
	for _, f := range t.folders {
		all = append(all, w.newTask(t.inside(), f.ID, f.Name, f.Flags, f.fresh))
	}
	return all
}
