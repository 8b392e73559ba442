package entries

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// The table's index by identity takes nearly half of the time of inserting
// entries, as inodes come in no order. While the first entries of a library are
// loaded nothing is looked up in it, so it is dropped, and made as a whole
// afterwards in a third of the time. What is looked up without it is still
// found, slowly.

// BeginLoad notes, in the transaction in which a library without entries begins
// to get its first, that they are being loaded. EndLoad must follow.
func (x *Index) BeginLoad(tx *Tx) error {
	if err := tx.Exec("DROP INDEX IF EXISTS entry_inode"); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.loads++
		x.unidentified.Store(true)
	})
	return nil
}

// EndLoad notes the end of what BeginLoad began. The index by identity is made
// in the background.
func (x *Index) EndLoad() {
	x.mu.Lock()
	x.loads--
	x.mu.Unlock()
	x.wakeReaper()
}

// Identify makes the index by identity where it was dropped.
func (x *Index) Identify(ctx context.Context) error {
	if !x.unidentified.Load() {
		return nil
	}
	return x.db.Write(ctx, func(tx *store.Tx) error {
		tx.AfterCommit(func() { x.unidentified.Store(false) })
		return tx.Exec("CREATE INDEX IF NOT EXISTS entry_inode ON entry (inode)")
	})
}

// identifyLoaded is Identify unless entries are being loaded.
func (x *Index) identifyLoaded(ctx context.Context) error {
	x.mu.Lock()
	loading := x.loads > 0
	x.mu.Unlock()
	if loading {
		return nil
	}
	return x.Identify(ctx)
}

// identified reports whether the database has the index by identity. It has not
// where a load was killed.
func identified(conn *sqlite.Conn) (bool, error) {
	n, err := store.Int(conn, "SELECT count(*) FROM sqlite_master WHERE name = 'entry_inode'")
	return n > 0, err
}
