// Package location keeps the folders that a library indexes: their paths, how
// many entries each has, whether it can be reached. Service.Register binds the
// operations; package scan reads the folders.
package location

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Location is a row of the table of locations.
type Location struct {
	Row      int64
	ID       protocol.ID
	Path     string
	Name     string
	Mode     api.IndexMode
	Offline  string // why it cannot be reached; empty while it can
	Root     int64  // its entry
	Device   int64  // st_dev of its root when an older version last scanned it
	LastScan time.Time
	AddedAt  time.Time
}

const columns = "id, uuid, path, name, mode, offline, root, device, last_scan, added_at"

func scan(s *sqlite.Stmt) *Location {
	return &Location{
		Row: s.ColumnInt64(0), ID: store.ID(s, 1), Path: string(store.Bytes(s, 2)), Name: s.ColumnText(3),
		Mode: api.IndexMode(s.ColumnText(4)), Offline: s.ColumnText(5),
		Root: s.ColumnInt64(6), Device: s.ColumnInt64(7),
		LastScan: store.Time(s, 8), AddedAt: store.Time(s, 9),
	}
}

// All returns a library's locations, by path.
func All(conn *sqlite.Conn) (all []*Location, err error) {
	err = store.Each(conn, "SELECT "+columns+" FROM location ORDER BY path", func(s *sqlite.Stmt) error {
		all = append(all, scan(s))
		return nil
	})
	return all, err
}

// Find returns a library's location with the given id.
func Find(conn *sqlite.Conn, id protocol.ID) (loc *Location, err error) {
	err = store.Each(conn, "SELECT "+columns+" FROM location WHERE uuid = ?", func(s *sqlite.Stmt) error {
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

// Finish records the time of a scan that has just ended, and returns the totals
// of the location's entries.
func (l *Location) Finish(ctx context.Context, lib *library.Library) (total entries.Totals, err error) {
	l.LastScan = time.Now()
	err = lib.DB.Write(ctx, func(tx *store.Tx) error {
		if total, err = entries.Total(tx.Conn, l.Root); err != nil {
			return err
		}
		return tx.Exec("UPDATE location SET last_scan = ? WHERE id = ?", l.LastScan, l.Row)
	})
	return total, err
}

// defaultName is the name of a location that was given none.
func defaultName(path string) string {
	return strings.ToValidUTF8(filepath.Base(path), "\uFFFD")
}
