package scan

import (
	"context"
	"sort"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// takePages compares a folder that is too big to be held in memory, page by
// page: names and entries are both read in the order of the names.
func (w *walk) takePages(ctx context.Context, t *task) error {
	fd, err := w.root.open(t.path, t.flags&entries.Mount != 0)
	if err != nil {
		w.warn(t.path, disk.Code(err), "the folder cannot be read; what the index has of it is kept: "+err.Error())
		return nil
	}
	defer unix.Close(fd)
	device, err := disk.Device(fd)
	var names *sortedNames
	if err == nil {
		names, err = sortNames(fd, runNames)
	}
	if err != nil {
		w.warn(t.path, disk.Code(err), "the folder cannot be read; what the index has of it is kept: "+err.Error())
		return nil
	}
	defer names.close()
	after := "" // the last name that was compared
	for more := true; more; {
		var page []string
		if page, err = names.next(pageSize); err != nil {
			return err
		}
		more = len(page) == pageSize
		page = w.wanted(t.path, page)
		children := w.look(t, fd, device, page, nil)
		if after, err = w.comparePage(ctx, t, children, after, !more); err != nil {
			return err
		}
	}
	w.queue.push(pagesOf(t.id, t.path, ""))
	return nil
}

// comparePage compares children, the next of a folder's after the given name,
// with the entries from there to the last of them, or if last is set to the
// folder's end.
func (w *walk) comparePage(ctx context.Context, t *task, children []entries.Entry, after string, last bool) (string, error) {
	for {
		if w.movesPending {
			if err := w.flush(ctx); err != nil {
				return after, err
			}
		}
		t.round = w.match.round.Load()
		known, err := w.knownPage(ctx, t, after)
		if err != nil {
			return after, err
		}
		ends := len(known) < pageSize
		now, rest := children, []entries.Entry(nil)
		switch {
		case !ends && (last || len(children) > 0 && known[len(known)-1].Name < children[len(children)-1].Name):
			// There are more entries before the last child.
			until := known[len(known)-1].Name
			cut := sort.Search(len(children), func(i int) bool { return children[i].Name > until })
			now, rest = children[:cut], children[cut:]
			after = until
		case !last && len(children) == 0:
			return after, nil
		case !last:
			after = children[len(children)-1].Name
			cut := sort.Search(len(known), func(i int) bool { return known[i].Name > after })
			known = known[:cut]
			ends = true
		}
		f := &found{missing: t.missing}
		f.compare(now, known, w.full)
		if err := w.takePage(ctx, t, f); err != nil {
			return after, err
		}
		t.missing = nil
		if len(w.changes) >= batchRows {
			// The folder is not done in the checkpoint before its last page.
			if err := w.flush(ctx); err != nil {
				return after, err
			}
		}
		if ends {
			return after, nil
		}
		children = rest
	}
}

func (w *walk) knownPage(ctx context.Context, t *task, after string) (known []entries.Entry, err error) {
	if t.fresh {
		return nil, nil
	}
	err = w.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) (err error) {
		known, err = entries.Children(conn, t.id, after, pageSize, known[:0])
		return err
	})
	return known, err
}
