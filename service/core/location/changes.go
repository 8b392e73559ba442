package location

import (
	"context"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// eventPaths is how many paths an EntriesChanged event names.
const eventPaths = 100

// roots knows the locations of the open libraries by the numbers of their
// roots, as a commit names them.
type roots struct {
	mu sync.Mutex // guards of
	of map[protocol.ID]map[int64]*Location
}

func (r *roots) add(lib *library.Library, all ...*Location) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = make(map[protocol.ID]map[int64]*Location)
	}
	if r.of[lib.ID] == nil {
		r.of[lib.ID] = make(map[int64]*Location)
	}
	for _, l := range all {
		r.of[lib.ID][l.Root] = l
	}
}

func (r *roots) remove(lib *library.Library, root int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of[lib.ID], root)
}

func (r *roots) find(lib *library.Library, root int64) *Location {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[lib.ID][root]
}

// Opened publishes what changes in a library from now on.
func (s *Service) Opened(ctx context.Context, lib *library.Library) error {
	err := lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		all, err := All(conn)
		s.roots.add(lib, all...)
		return err
	})
	if err == nil {
		lib.Index.Follow(func(c *entries.Commit) { s.publish(lib, c) })
	}
	return err
}

// Closing forgets the library's locations.
func (s *Service) Closing(_ context.Context, lib *library.Library) {
	s.roots.mu.Lock()
	defer s.roots.mu.Unlock()
	delete(s.roots.of, lib.ID)
}

// publish publishes an event for each location in which a commit changed
// something.
func (s *Service) publish(lib *library.Library, c *entries.Commit) {
	events := make(map[int64]*api.EntriesChangedEvent)
	for i := range c.Changes {
		change := &c.Changes[i]
		if change.Content || change.Place.Folder == 0 {
			continue
		}
		tally(events, change.Root, change.Place, change)
		if change.What == entries.Moved && change.FromRoot != change.Root {
			tally(events, change.FromRoot, change.From, change)
		}
	}
	for root, ev := range events {
		l := s.roots.find(lib, root)
		if l == nil {
			continue // it has been removed
		}
		ev.Location = api.Path(l.Path)
		ev.Truncated = ev.Truncated || ev.Created+ev.Modified+ev.Moved+ev.Deleted > int64(len(ev.Paths))
		out := api.EntriesChanged.New(*ev)
		out.LocationID, out.JobID, out.TraceID = l.ID, c.Origin.Job, c.Origin.TraceID
		lib.Publish(context.Background(), out)
	}
}

func tally(events map[int64]*api.EntriesChangedEvent, root int64, at entries.Place, c *entries.Change) {
	ev := events[root]
	if ev == nil {
		ev = &api.EntriesChangedEvent{Paths: []api.Path{}}
		events[root] = ev
	}
	switch c.What {
	case entries.Inserted:
		ev.Created++
	case entries.Updated:
		ev.Modified++
	case entries.Moved:
		ev.Moved++
	case entries.Deleted:
		files, folders, _ := c.Below.Count()
		ev.Deleted += files + folders
	}
	name := func(p entries.Place) {
		if len(ev.Paths) < eventPaths {
			ev.Paths = append(ev.Paths, api.Path(p.String()))
		} else {
			ev.Truncated = true
		}
	}
	name(at)
	if c.What == entries.Moved && c.FromRoot == c.Root {
		name(c.From) // where it was, something changed too
	}
}
