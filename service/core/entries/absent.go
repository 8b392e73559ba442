package entries

import (
	"strconv"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A scan that does not find an entry marks it as absent, and deletes it in the
// end if it has not turned up elsewhere by then: it may have been moved to
// where the scan comes later.

// MarkAbsent notes that the scan of a location did not find an entry, if that
// is where it is expected.
func (tx *Tx) MarkAbsent(root int64, at Place, id int64) error {
	if _, ok, err := tx.at(at, id); err != nil || !ok {
		return err
	}
	return tx.Exec("INSERT INTO absent (root, entry) VALUES (?, ?) ON CONFLICT DO NOTHING", root, id)
}

// ClearAbsent forgets what scans of a location have marked up to the given
// entry, in the order of their numbers; for 0 all of it.
func (tx *Tx) ClearAbsent(root, upTo int64) error {
	return tx.Exec("DELETE FROM absent WHERE root = ? AND (entry <= ? OR ? = 0)", root, upTo, upTo)
}

// Absent returns up to limit entries that the scan of a location did not find
// and that have not been deleted, in the order of their numbers. last is the
// greatest number that was looked at, 0 where there was none.
func Absent(conn *sqlite.Conn, root int64, limit int) (all []Entry, last int64, err error) {
	var ids []int64
	err = store.Each(conn, "SELECT entry FROM absent WHERE root = ? ORDER BY entry LIMIT "+strconv.Itoa(limit), func(s *sqlite.Stmt) error {
		last = s.ColumnInt64(0)
		ids = append(ids, last)
		return nil
	}, root)
	for _, id := range ids {
		if err != nil {
			return nil, 0, err
		}
		var e Entry
		var ok bool
		if e, ok, err = Get(conn, id); ok {
			all = append(all, e)
		}
	}
	return all, last, err
}
