package location

import (
	"context"

	"github.com/rs/zerolog"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Service answers the operations on locations. It is attached to the
// library manager after the jobs' service.
type Service struct {
	Jobs    *job.Service
	DataDir func() string // the instance's data folder, symlinks resolved
	Log     zerolog.Logger

	roots roots
}

// Register binds the operations on locations and entries, and libraries.info.
func (s *Service) Register(r *registry.Registry, m *library.Manager) {
	library.Bind(r, m, api.LocationsAdd, s.add)
	library.Bind(r, m, api.LocationsList, s.list)
	library.Bind(r, m, api.LocationsRemove, s.remove)
	library.Bind(r, m, api.LocationsRescan, s.rescan)
	library.Bind(r, m, api.LibrariesInfo, s.info)
	library.Bind(r, m, api.EntriesInfo, s.entriesInfo)
}

// wire returns a location as operations show it.
func (s *Service) wire(lib *library.Library, l *Location, total entries.Totals) api.Location {
	working := false
	if jobs, err := s.Jobs.In(lib); err == nil {
		working = jobs.Working(l.ID)
	}
	w := api.Location{
		ID: l.ID, Path: api.Path(l.Path), Name: l.Name, Mode: l.Mode, State: l.State(working), Reason: l.Offline,
		LastScan: l.LastScan, AddedAt: l.AddedAt,
	}
	w.Files, w.Folders, w.Bytes = total.Count()
	return w
}

// rescan answers locations.rescan.
func (s *Service) rescan(ctx context.Context, lib *library.Library, in api.LocationRescanInput) (out api.JobStarted, err error) {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return out, err
	}
	err = lib.DB.Write(ctx, func(tx *store.Tx) error {
		l, err := Find(tx.Conn, in.LocationID)
		if err != nil {
			return err
		}
		out.JobID, err = s.queueOrJoin(ctx, jobs, tx, l, api.IndexInput{LocationID: l.ID, Full: in.FullRescan})
		return err
	})
	return out, err
}

// info answers libraries.info.
func (s *Service) info(ctx context.Context, lib *library.Library, _ api.Empty) (out api.LibraryInfo, err error) {
	out = api.LibraryInfo{Library: lib.Wire(), SchemaVersion: lib.DB.Version()}
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		if out.Statistics, err = statistics(conn); err != nil {
			return err
		}
		out.Statistics.DuplicateBytes, err = entries.DuplicateBytes(conn)
		return err
	})
	if err != nil {
		return out, err
	}
	out.SizeOnDisk, err = lib.SizeOnDisk()
	return out, err
}

// Statistics counts what a library's locations hold, but for duplicates. It
// reads a few rows, however large the library is.
func Statistics(ctx context.Context, lib *library.Library) (out api.Statistics, err error) {
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		out, err = statistics(conn)
		return err
	})
	return out, err
}

func statistics(conn *sqlite.Conn) (out api.Statistics, err error) {
	locations, err := All(conn)
	if err != nil {
		return out, err
	}
	var all entries.Totals
	for _, l := range locations {
		total, err := entries.Total(conn, l.Root)
		if err != nil {
			return out, err
		}
		all.Add(1, &total)
	}
	out.Locations = len(locations)
	out.Files, out.Folders, out.Bytes = all.Count()
	out.Kinds = all.ByKind()
	return out, nil
}
