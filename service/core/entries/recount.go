package entries

import (
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// Recount makes the totals of all folders from the entries, none of which has
// the flag Linked: those of a database from before there were totals.
func Recount(conn *sqlite.Conn) error {
	tx := &Tx{
		Tx: &store.Tx{Conn: conn}, parents: make(map[int64]int64),
		deltas: make(map[int64]*Totals), points: make(map[int64]*Totals), roots: make(map[int64]int64),
	}
	if err := tx.Exec("DELETE FROM total"); err != nil {
		return err
	}
	const atOnce = 4000 // folders
	err := store.Each(conn, "SELECT "+columns+" FROM entry WHERE parent > 0", func(s *sqlite.Stmt) error {
		var e Entry
		e.read(s)
		tx.delta(e.Parent).add(1, &e.Attributes)
		if len(tx.deltas) < atOnce {
			return nil
		}
		clear(tx.roots)
		if len(tx.parents) > 16*atOnce {
			clear(tx.parents)
		}
		return tx.settle()
	})
	if err != nil {
		return err
	}
	return tx.settle()
}
