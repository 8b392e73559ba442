// Package location keeps the folders that a library indexes: which they are,
// how many entries each has, whether it can be reached. Service.Register binds
// the operations; what reads the folders is package index.
package location

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Location is a row of the table of locations.
type Location struct {
	Row      int64
	ID       protocol.ID
	Path     string // empty while its entries are being removed
	Name     string
	Mode     api.IndexMode
	Offline  string // why it cannot be reached; empty while it can
	Device   int64  // st_dev of its root when last scanned
	Scanned  bool   // whether Device is known
	LastScan time.Time
	AddedAt  time.Time
}

const columns = "id, uuid, path, name, mode, offline, device, last_scan, added_at"

func scan(s *sqlite.Stmt) *Location {
	return &Location{
		Row: s.ColumnInt64(0), ID: store.ID(s, 1), Path: string(store.Bytes(s, 2)), Name: s.ColumnText(3),
		Mode: api.IndexMode(s.ColumnText(4)), Offline: s.ColumnText(5),
		Device: s.ColumnInt64(6), Scanned: !s.ColumnIsNull(6),
		LastScan: store.Time(s, 7), AddedAt: store.Time(s, 8),
	}
}

// All returns a library's locations, by path.
func All(conn *sqlite.Conn) (all []*Location, err error) {
	err = store.Each(conn, "SELECT "+columns+" FROM location WHERE path IS NOT NULL ORDER BY path", func(s *sqlite.Stmt) error {
		all = append(all, scan(s))
		return nil
	})
	return all, err
}

// Find returns a library's location with the given id.
func Find(conn *sqlite.Conn, id protocol.ID) (loc *Location, err error) {
	err = store.Each(conn, "SELECT "+columns+" FROM location WHERE uuid = ? AND path IS NOT NULL", func(s *sqlite.Stmt) error {
		loc = scan(s)
		return nil
	}, id)
	if err == nil && loc == nil {
		err = protocol.Errorf(protocol.NotFound, "no location with id %s in this library", id).With("location_id", id).
			WithHint("locations.list, or spacedrive location list, shows the locations")
	}
	return loc, err
}

// Above returns the location that path is in, or nil.
func Above(all []*Location, path string) *Location {
	for _, loc := range all {
		if protocol.Path(loc.Path).Contains(protocol.Path(path)) {
			return loc
		}
	}
	return nil
}

// State returns the location's state. working says whether a job is at it.
func (l *Location) State(working bool) api.LocationState {
	switch {
	case l.Offline != "":
		return api.Offline
	case working:
		return api.Scanning
	}
	return api.Online
}

// Publish publishes an event of this location. The trace id is that of the
// call that ctx belongs to, unless traceID is given.
func (l *Location) Publish(ctx context.Context, lib *library.Library, t protocol.EventOf[api.LocationEvent], state api.LocationState, traceID string) {
	ev := t.New(api.LocationEvent{Path: api.Path(l.Path), Name: l.Name, State: state, Reason: l.Offline})
	ev.LocationID, ev.TraceID = l.ID, traceID
	lib.Publish(ctx, ev)
}

// A Count is how many entries there are of each kind, and their bytes.
type Count map[entry.Kind]api.Count

// Add counts n more entries of a kind.
func (c Count) Add(k entry.Kind, n, bytes int64) {
	was := c[k]
	c[k] = api.Count{Files: was.Files + n, Bytes: was.Bytes + bytes}
}

// Totals returns the number of folders, of everything else, and the bytes.
func (c Count) Totals() (files, folders, bytes int64) {
	for k, n := range c {
		if k == entry.Folder {
			folders += n.Files
			continue
		}
		files += n.Files
		bytes += n.Bytes
	}
	return files, folders, bytes
}

// Kinds returns the counts of all but folders by the kinds' words.
func (c Count) Kinds() map[string]api.Count {
	kinds := make(map[string]api.Count)
	for k, n := range c {
		if k != entry.Folder && n.Files > 0 {
			kinds[k.String()] = n
		}
	}
	return kinds
}

// Save adds the counts to those of a location.
func (c Count) Save(tx *store.Tx, row int64) error {
	for k, n := range c {
		if n == (api.Count{}) {
			continue
		}
		err := tx.Exec(`INSERT INTO location_kind (location, kind, files, bytes) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET files = files + excluded.files, bytes = bytes + excluded.bytes`, row, int64(k), n.Files, n.Bytes)
		if err != nil {
			return err
		}
	}
	return nil
}

// Counts returns the counts of all locations, by row.
func Counts(conn *sqlite.Conn) (map[int64]Count, error) {
	all := make(map[int64]Count)
	err := store.Each(conn, "SELECT location, kind, files, bytes FROM location_kind", func(s *sqlite.Stmt) error {
		row := s.ColumnInt64(0)
		if all[row] == nil {
			all[row] = make(Count)
		}
		all[row].Add(entry.Kind(s.ColumnInt64(1)), s.ColumnInt64(2), s.ColumnInt64(3))
		return nil
	})
	return all, err
}

// defaultName is the name of a location that was given none.
func defaultName(path string) string {
	return strings.ToValidUTF8(filepath.Base(path), "\uFFFD")
}
