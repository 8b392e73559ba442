package search

import (
	"path"
	"strconv"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/location"
)

func itoa(i int) string { return strconv.Itoa(i) }

// narrow finds out which locations, and which folders, a search is of.
func (s *search) narrow(conn *sqlite.Conn, all []*location.Location, in *api.SearchInput) error {
	if in.Scope.LocationID != (protocol.ID{}) && in.Scope.Path != "" {
		return protocol.Invalid("scope", "location_id and path exclude each other")
	}
	s.locations = make(map[int64]protocol.ID)
	for _, l := range all {
		s.locations[l.Root] = l.ID
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
				if _, ok := s.locations[l.Root]; ok {
					kept[l.Root] = id
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
		for root := range s.locations {
			if root != above.Root {
				delete(s.locations, root)
			}
		}
		e, ok, err := entries.Lookup(conn, above.Path, folder)
		if err == nil && (!ok || e.Kind != entries.Folder) {
			err = notIndexed(folder)
		}
		s.below = e.ID
		return err
	}
	inside := false
	for _, l := range all {
		if protocol.Path(folder).Contains(protocol.Path(l.Path)) {
			inside = true
		} else {
			delete(s.locations, l.Root)
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
