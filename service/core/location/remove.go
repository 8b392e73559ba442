package location

import (
	"context"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// remove deletes a location with its entries and cancels the jobs on it, in one
// transaction.
func (s *Service) remove(ctx context.Context, lib *library.Library, in api.LocationRemoveInput) (out api.LocationRemoveOutput, err error) {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return out, err
	}
	var wait func(context.Context)
	err = lib.Index.Write(ctx, entries.Origin{}, func(tx *entries.Tx) error {
		l, err := Find(tx.Conn, in.LocationID)
		if err != nil {
			return err
		}
		gone, _, err := tx.Delete(entries.Place{Name: l.Path}, l.Root)
		if err != nil {
			return err
		}
		files, folders, _ := gone.Count()
		out.RemovedEntries = files + folders - 1 // but for the root
		tx.AfterCommit(func() {
			s.roots.remove(lib, l.Root)
			l.Publish(ctx, lib, api.LocationRemoved, "", "")
		})
		if wait, err = jobs.CancelLocation(tx.Tx, l.ID); err != nil {
			return err
		}
		return tx.Exec("DELETE FROM location WHERE id = ?", l.Row)
	})
	if err == nil {
		// The location has gone, also if its jobs need longer to stop than
		// the call has time: they fail when they next write.
		wait(ctx)
	}
	return out, err
}
