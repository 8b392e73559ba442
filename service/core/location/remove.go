package location

import (
	"context"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// remove forgets a location in one transaction, and with that it and its
// entries are gone for every operation. Then it ends the jobs on it.
func (s *Service) remove(ctx context.Context, lib *library.Library, in api.LocationRemoveInput) (out api.LocationRemoveOutput, err error) {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return out, err
	}
	var l *Location
	err = lib.Index.Write(ctx, entries.Origin{}, func(tx *entries.Tx) (err error) {
		if l, err = Find(tx.Conn, in.LocationID); err != nil {
			return err
		}
		gone, _, err := tx.Delete(entries.Place{Name: l.Path}, l.Root)
		if err != nil {
			return err
		}
		files, folders, _ := gone.Count()
		out.RemovedEntries = files + folders - 1 // but for the root
		tx.AfterCommit(func() { s.roots.remove(lib, l.Root) })
		return tx.Exec("DELETE FROM location WHERE id = ?", l.Row)
	})
	if err != nil {
		return out, err
	}
	l.Publish(ctx, lib, api.LocationRemoved, "", "")
	// The jobs find no location and fail if the call ends before this is done.
	return out, jobs.CancelLocation(context.WithoutCancel(ctx), l.ID)
}
