package search

import (
	"path"
	"strconv"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func itoa(i int) string { return strconv.Itoa(i) }

// narrow finds out which locations, and which folders, a search is of.
func (s *search) narrow(conn *sqlite.Conn, all []*location.Location, in *api.SearchInput) error {
	if in.Scope.LocationID != (protocol.ID{}) && in.Scope.Path != "" {
		return protocol.Invalid("scope", "location_id and path exclude each other")
	}
	s.locations = make(map[int64]protocol.ID)
	for _, l := range all {
		s.locations[l.Row] = l.ID
	}
	if in.Scope.LocationID != (protocol.ID{}) {
		if err := s.keep(all, "scope.location_id", []protocol.ID{in.Scope.LocationID}); err != nil {
			return err
		}
	}
	if len(in.Filters.Locations) > 0 {
		if err := s.keep(all, "filters.locations", in.Filters.Locations); err != nil {
			return err
		}
	}
	if in.Scope.Path != "" {
		return s.keepBelow(conn, all, path.Clean(string(in.Scope.Path)))
	}
	return nil
}

// keep leaves only the given locations.
func (s *search) keep(all []*location.Location, field string, ids []protocol.ID) error {
	kept := make(map[int64]protocol.ID)
	for _, id := range ids {
		found := false
		for _, l := range all {
			if l.ID == id {
				found = true
				if _, ok := s.locations[l.Row]; ok {
					kept[l.Row] = id
				}
			}
		}
		if !found {
			return protocol.Errorf(protocol.NotFound, "no location with id %s in this library", id).
				With("field", field).With("location_id", id).
				WithHint("locations.list, or spacedrive location list, shows the locations")
		}
	}
	s.locations = kept
	return nil
}

// keepBelow leaves what is below a folder: a part of a location, or all
// locations that are in it.
func (s *search) keepBelow(conn *sqlite.Conn, all []*location.Location, folder string) error {
	above := location.Above(all, folder)
	if above != nil && above.Path != folder {
		for row := range s.locations {
			if row != above.Row {
				delete(s.locations, row)
			}
		}
		id, err := findFolder(conn, above.Path, folder)
		if err != nil {
			return err
		}
		s.below, err = foldersBelow(conn, above.Row, id)
		return err
	}
	inside := false
	for _, l := range all {
		if protocol.Path(folder).Contains(protocol.Path(l.Path)) {
			inside = true
		} else {
			delete(s.locations, l.Row)
		}
	}
	if !inside {
		return notIndexed(folder)
	}
	return nil
}

func notIndexed(folder string) error {
	return protocol.Errorf(protocol.NotFound, "the index has no folder %s", folder).With("field", "scope.path").With("path", protocol.Path(folder)).
		WithHint("spacedrive location list shows what is indexed; look for changes with spacedrive location rescan")
}

// findFolder follows a path from a location's root.
func findFolder(conn *sqlite.Conn, root, folder string) (id int64, err error) {
	if id, err = store.Int(conn, "SELECT id FROM entry WHERE parent = 0 AND name = ?", protocol.Path(root)); err != nil {
		return 0, err
	}
	rest := folder[len(root):]
	for id != 0 && rest != "" {
		if rest[0] == '/' {
			rest = rest[1:]
			continue
		}
		end := 0
		for end < len(rest) && rest[end] != '/' {
			end++
		}
		if id, err = store.Int(conn, "SELECT id FROM entry WHERE parent = ? AND name = ? AND kind = 1", id, protocol.Path(rest[:end])); err != nil {
			return 0, err
		}
		rest = rest[end:]
	}
	if id == 0 {
		return 0, notIndexed(folder)
	}
	return id, nil
}

// foldersBelow returns a folder and all below it. A folder's id is greater
// than its parent's, so one pass in the order of ids finds them.
func foldersBelow(conn *sqlite.Conn, row, folder int64) (map[int64]bool, error) {
	below := map[int64]bool{folder: true}
	err := store.Each(conn, `SELECT id, parent FROM entry INDEXED BY entry_folder
		WHERE location = ? AND kind = 1 AND id > ? ORDER BY id`, func(st *sqlite.Stmt) error {
		if below[st.ColumnInt64(1)] {
			below[st.ColumnInt64(0)] = true
		}
		return nil
	}, row, folder)
	return below, err
}
