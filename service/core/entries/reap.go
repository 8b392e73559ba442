package entries

import (
	"context"
	"errors"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// reapRows is how many rows one transaction removes, so that other writes wait
// some ten milliseconds at most.
const reapRows = 2000

func (x *Index) wakeReaper() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// reap removes the rows of deleted folders, and of all below them, little by
// little. They are out of sight already: nothing leads to them from a
// location's root. What a crash leaves is removed at the next start. It makes
// the index by identity, too, once entries have been loaded.
func (x *Index) reap(ctx context.Context) {
	defer close(x.done)
	const tryAgain = time.Minute // after a failure, such as a full disk
	for {
		select {
		case <-x.wake:
		case <-ctx.Done():
			return
		}
		more, err := true, x.identifyLoaded(ctx)
		for more && err == nil {
			err = x.db.Write(ctx, func(tx *store.Tx) (err error) {
				more, err = reapSome(tx, reapRows)
				return err
			})
		}
		if err == nil || ctx.Err() != nil || protocol.HasCode(err, protocol.CoreUnavailable) {
			continue
		}
		x.log.Error().Err(err).Msg("cannot tidy the index; nothing is missing in it, and it is tried again")
		time.AfterFunc(tryAgain, x.wakeReaper)
	}
}

var errEnough = errors.New("enough for one transaction")

// reapSome removes about limit rows, and reports whether there may be more.
func reapSome(tx *store.Tx, limit int) (more bool, err error) {
	folder, err := store.Int(tx.Conn, "SELECT id FROM entry WHERE parent = ? LIMIT 1", removed)
	if err != nil || folder == 0 {
		return false, err
	}
	path := []int64{folder} // from the deleted folder down to the one at work
	for len(path) > 0 && limit > 0 {
		at := path[len(path)-1]
		below, rows := int64(0), 0
		var gone, contents []int64
		err := store.Each(tx.Conn, "SELECT id, kind, content FROM entry WHERE parent = ? LIMIT "+strconv.Itoa(reapRows), func(s *sqlite.Stmt) error {
			rows++
			if Kind(s.ColumnInt64(1)) == Folder {
				below = s.ColumnInt64(0)
				return errEnough
			}
			gone = append(gone, s.ColumnInt64(0))
			if !s.ColumnIsNull(2) {
				contents = append(contents, s.ColumnInt64(2))
			}
			return nil
		}, at)
		if err != nil && err != errEnough {
			return false, err
		}
		for _, id := range gone {
			if err := tx.Exec("DELETE FROM entry WHERE id = ?", id); err != nil {
				return false, err
			}
		}
		for _, content := range contents {
			if err := dropReference(tx.Conn, content); err != nil {
				return false, err
			}
		}
		limit -= len(gone)
		switch {
		case below != 0:
			path = append(path, below)
		case rows == 0:
			limit--
			path = path[:len(path)-1]
			for _, query := range []string{"DELETE FROM entry WHERE id = ?", "DELETE FROM total WHERE folder = ?", "DELETE FROM absent WHERE root = ?"} {
				if err := tx.Exec(query, at); err != nil {
					return false, err
				}
			}
		}
	}
	return true, nil
}
