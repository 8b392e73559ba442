package scan

import (
	"sync"
	"time"

	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

const (
	// scanAhead is how many folders from the place of the walk are read ahead.
	scanAhead = 128
	// heldAhead is how many differences may wait for the walk before only the
	// folder is read that it waits for.
	heldAhead = bigFolder
	// listingAge is how old what was found in a folder may be when the walk
	// takes it: those beside a big one are read long before their turn.
	listingAge = 3 * time.Second
	// readTogether is how many folders a reader takes at once, as their
	// entries take one read of the database.
	readTogether = 8
)

// A task is one folder to compare.
type task struct {
	id    int64
	place entries.Place // where it is
	path  string
	flags entries.Flags
	fresh bool // it has no entries in the index yet

	// paged is set where the task stands for the folders in this one whose
	// names follow after the given one, which are to be taken from the index:
	// there are many of them, or the walk was resumed.
	paged bool
	after string

	parent *task // in which it was found
	next   *task // in the queue
	given  bool  // to a reader
	void   bool  // it is read again, as another entry's folder
	held   int   // differences that it adds to queue.held
	listed time.Time

	round int64         // see matcher
	done  chan struct{} // closed by a reader that is through
	found
	children []*task // for found.folders
}

func newTask(at entries.Place, id int64, flags entries.Flags, fresh bool) *task {
	path := at.Name // of a location's root
	if at.Path != "" {
		path = entries.Join(at.Path, at.Name)
	}
	return &task{id: id, place: at, path: path, flags: flags, fresh: fresh, done: make(chan struct{})}
}

// pagesOf returns a task that stands for the folders in a folder whose names
// follow after the given one.
func pagesOf(id int64, path, after string) *task {
	return &task{id: id, path: path, paged: true, after: after}
}

// at returns the place of a name in the folder.
func (t *task) at(name string) entries.Place {
	return entries.Place{Folder: t.id, Path: t.path, Name: name}
}

// A queue holds the folders that are still to be walked, in the order of the
// walk: what is below a folder comes right after it. Readers read the first
// that nobody reads yet, and add the folders that they find in it; the walk
// takes the first of all.
//
// That a folder found under a new name has no entries, and what the ID of the
// others is, the readers only presume. Where the walk finds otherwise, as the
// folder was moved there, it is read once more.
type queue struct {
	mu    sync.Mutex
	work  sync.Cond // there may be something to read
	first *task
	held  int // differences that were found and that the walk has not taken
	ended bool
}

func newQueue() *queue {
	q := new(queue)
	q.work.L = &q.mu
	return q
}

// give returns folders to read, in order: one without entries, or some that
// have them. It waits until there are any; once the queue has ended it returns
// none.
func (q *queue) give(into []*task) []*task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended {
		into = into[:0]
		ahead, waiting := scanAhead, 0
		if q.held >= heldAhead {
			ahead = 1
		}
		for t := q.first; t != nil && ahead > 0; t, ahead = t.next, ahead-1 {
			if t.given || t.paged {
				continue
			}
			waiting++
			if len(into) == 0 || len(into) < readTogether && !into[0].fresh && !t.fresh {
				into = append(into, t)
			}
		}
		if waiting > 0 {
			into = into[:min(len(into), max(1, waiting/scanReaders))]
			for _, t := range into {
				t.given = true
			}
			return into
		}
		q.work.Wait()
	}
	return nil
}

// finish takes back a folder that has been read, and adds the folders in it.
func (q *queue) finish(t *task) {
	for i := range t.folders {
		f := &t.folders[i]
		c := newTask(entries.Place{Path: t.path, Name: f.Name}, f.ID, f.Flags, f.ID == 0)
		c.parent = t
		t.children = append(t.children, c)
	}
	q.mu.Lock()
	if !t.void {
		t.held = len(t.inserts) + len(t.updates) + len(t.replaced) + len(t.absent) + len(t.folders)
		q.held += t.held
		q.insert(&t.next, t.children)
	}
	q.mu.Unlock()
	close(t.done)
}

// insert puts tasks at a place in the list.
func (q *queue) insert(at **task, tasks []*task) {
	rest := *at
	for _, t := range tasks {
		*at, at = t, &t.next
	}
	*at = rest
	if len(tasks) > 0 {
		q.work.Broadcast()
	}
}

// push puts tasks in front of all.
func (q *queue) push(tasks ...*task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.insert(&q.first, tasks)
}

// anew has the first task, which is done, read once more, with what is below it.
func (q *queue) anew() {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.first
	again := newTask(t.place, t.id, t.flags, t.fresh)
	again.parent = t.parent
	t.void = true
	q.insert(&q.first, []*task{again})
}

// peek returns the first task, or nil. Those that are void are dropped.
func (q *queue) peek() *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for t := q.first; t != nil; t = q.first {
		if t.parent != nil && t.parent.void {
			t.void = true
		}
		if !t.void {
			return t
		}
		q.drop()
	}
	return nil
}

// pop takes the first task away.
func (q *queue) pop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.drop()
}

func (q *queue) drop() {
	t := q.first
	q.first, t.next = t.next, nil
	q.held -= t.held
	q.work.Signal() // another task comes within reach
}

// settle tells the folders in one that the walk has just taken which entries
// they are.
func (q *queue) settle(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := &q.first
	for i, c := range t.children {
		f := &t.folders[i]
		c.place.Folder = t.id
		if c.fresh && f.fresh {
			c.id = f.ID
			continue
		}
		if !c.fresh && !f.fresh && c.id == f.ID {
			continue
		}
		for *at != c {
			at = &(*at).next
		}
		again := newTask(t.at(f.Name), f.ID, f.Flags, f.fresh)
		again.parent = t
		c.void, c.given = true, true
		q.insert(at, []*task{again})
	}
}

// end has the readers end once they are through with what they read.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.work.Broadcast()
}
