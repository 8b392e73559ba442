package location

import (
	"context"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// removeBatch is how many ids of entries are gone through in one transaction,
// so that other writes wait some ten milliseconds at most.
const removeBatch = 4000

// remove takes a location's path away in one transaction, and with that it is
// gone for every operation. Its entries are then removed bit by bit; what an
// interruption leaves of them is removed when the library is next opened.
func (s *Service) remove(ctx context.Context, lib *library.Library, in api.LocationRemoveInput) (out api.LocationRemoved, err error) {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return out, err
	}
	var l *Location
	err = lib.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if l, err = Find(tx.Conn, in.LocationID); err != nil {
			return err
		}
		if out.RemovedEntries, err = countEntries(tx.Conn, l); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM entry WHERE parent = 0 AND name = ?", protocol.Path(l.Path)); err != nil {
			return err
		}
		return tx.Exec("UPDATE location SET path = NULL WHERE id = ?", l.Row)
	})
	if err != nil {
		return out, err
	}
	l.Publish(ctx, lib, protocol.LocationRemoved, "", "")
	removed := s.clean(lib, jobs, l)
	if removed == nil {
		return out, protocol.Errorf(protocol.CoreUnavailable, "the library %q is being closed", lib.Name())
	}
	select {
	case out.RemovedEntries = <-removed:
	case <-ctx.Done(): // it is removed all the same
	}
	return out, nil
}

func countEntries(conn *sqlite.Conn, l *Location) (int64, error) {
	return store.Int(conn, "SELECT ifnull(sum(files), 0) FROM location_kind WHERE location = ?", l.Row)
}

// A cleaner removes the entries of removed locations of one library.
type cleaner struct {
	ctx  context.Context
	stop context.CancelFunc
	runs sync.WaitGroup
}

// Opened goes on with removals that were interrupted.
func (s *Service) Opened(ctx context.Context, lib *library.Library) error {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return err
	}
	var left []*Location
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT "+columns+" FROM location WHERE path IS NULL", func(s *sqlite.Stmt) error {
			left = append(left, scan(s))
			return nil
		})
	})
	if err != nil {
		return err
	}
	c := new(cleaner)
	c.ctx, c.stop = context.WithCancel(context.Background())
	s.mu.Lock()
	if s.cleaners == nil {
		s.cleaners = make(map[protocol.ID]*cleaner)
	}
	s.cleaners[lib.ID] = c
	s.mu.Unlock()
	for _, l := range left {
		s.clean(lib, jobs, l)
	}
	return nil
}

// Closing stops removals at the end of their transaction.
func (s *Service) Closing(_ context.Context, lib *library.Library) {
	s.mu.Lock()
	c := s.cleaners[lib.ID]
	delete(s.cleaners, lib.ID)
	s.mu.Unlock()
	if c != nil {
		c.stop()
		c.runs.Wait()
	}
}

// clean removes the entries of a removed location on another goroutine, and
// sends how many there were. It returns nil where the library is being closed.
func (s *Service) clean(lib *library.Library, jobs *job.Queue, l *Location) <-chan int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cleaners[lib.ID]
	if c == nil {
		return nil
	}
	removed := make(chan int64, 1)
	c.runs.Add(1)
	go func() {
		defer c.runs.Done()
		n, err := removeEntries(c.ctx, lib, jobs, l)
		if err != nil && c.ctx.Err() == nil {
			s.Log.Error().Err(err).Stringer("library_id", lib.ID).Stringer("location_id", l.ID).
				Msg("removing a location's entries failed; it is tried again when the library is next opened")
		}
		removed <- n
	}()
	return removed
}

func removeEntries(ctx context.Context, lib *library.Library, jobs *job.Queue, l *Location) (removed int64, err error) {
	if err := jobs.CancelLocation(ctx, l.ID); err != nil {
		return 0, err
	}
	var newest int64
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		if removed, err = countEntries(conn, l); err != nil {
			return err
		}
		newest, err = store.Int(conn, "SELECT max(id) FROM entry")
		return err
	})
	for id := int64(0); id < newest && err == nil; id += removeBatch {
		err = lib.DB.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("DELETE FROM entry WHERE id > ? AND id <= ? AND location = ?", id, id+removeBatch, l.Row)
		})
	}
	if err != nil {
		return removed, err
	}
	return removed, lib.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Exec("DELETE FROM location_kind WHERE location = ?", l.Row); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM content WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.content = content.id)"); err != nil {
			return err
		}
		return tx.Exec("DELETE FROM location WHERE id = ?", l.Row)
	})
}
