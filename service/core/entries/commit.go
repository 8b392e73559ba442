package entries

import (
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Commit is what one transaction changed in the index.
type Commit struct {
	Number  int64 // counts a library's commits
	Origin  Origin
	Changes []Change // in the order in which they were made
}

// An Origin says who made a change.
type Origin struct {
	Job     protocol.ID
	TraceID string
}

// What says what became of an entry. The numbers are those of the change log.
type What uint8

// What may become of an entry.
const (
	Inserted What = 1
	Updated  What = 2
	Moved    What = 3
	Deleted  What = 4 // with all that was below it
)

// A Change is one entry's part of a commit.
type Change struct {
	What     What
	ID       int64
	Kind     Kind
	Root     int64   // of the location that it is, or was, in; 0 if that has been removed
	Place    Place   // where it is, or was before it was deleted
	From     Place   // where it was before it was moved
	FromRoot int64   // of the location of From
	Below    *Totals // what was deleted, the entry among it
	Content  bool    // only the content became known, and nothing changed on the disk
}

// Follow has fn called with every commit from now on, in order, on the
// goroutine that writes: fn must be quick, and must not write. A follower that
// comes later, or was away, catches up with Since.
func (x *Index) Follow(fn func(*Commit)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.followers = append(x.followers, fn)
}

func (x *Index) publish(c *Commit) {
	x.mu.Lock()
	followers := x.followers
	x.mu.Unlock()
	for _, fn := range followers {
		fn(c)
	}
}

// The change log is bounded. A follower that is further behind than it reaches
// reads the index again, which is also cheaper than to follow a commit of more
// than biggestLogged changes.
const (
	biggestLogged = 1000
	loggedChanges = 20_000
)

// A Logged is a change as the log keeps it.
type Logged struct {
	Number int64 // of the commit
	What   What
	ID     int64
	Parent int64 // that it had before
}

// Since returns the changes of the commits after the given one, oldest first,
// and the number of the newest commit. complete is false where the log does not
// reach back so far.
func Since(conn *sqlite.Conn, number int64) (changes []Logged, newest int64, complete bool, err error) {
	oldest := int64(0)
	err = store.Each(conn, "SELECT number, complete FROM index_state", func(s *sqlite.Stmt) error {
		newest, oldest = s.ColumnInt64(0), s.ColumnInt64(1)
		return nil
	})
	if err != nil || number < oldest {
		return nil, newest, false, err
	}
	err = store.Each(conn, "SELECT number, what, entry, parent FROM change WHERE number > ? ORDER BY id", func(s *sqlite.Stmt) error {
		changes = append(changes, Logged{s.ColumnInt64(0), What(s.ColumnInt64(1)), s.ColumnInt64(2), s.ColumnInt64(3)})
		return nil
	}, number)
	return changes, newest, true, err
}

// log numbers the commit and writes its changes to the log.
func (tx *Tx) log() (number int64, err error) {
	// No RETURNING here and below: with it SQLite keeps a journal of the statement,
	// in 64 KiB that are mapped and unmapped each time.
	if err := tx.Exec("UPDATE index_state SET number = number + 1, next_id = ?", tx.index.next.Load()); err != nil {
		return 0, err
	}
	if number, err = store.Int(tx.Conn, "SELECT number FROM index_state"); err != nil {
		return 0, err
	}
	if len(tx.changed) > biggestLogged {
		if err := tx.Exec("DELETE FROM change"); err != nil {
			return 0, err
		}
		return number, tx.Exec("UPDATE index_state SET complete = ?", number)
	}
	for i := range tx.changed {
		c := &tx.changed[i]
		before := c.Place.Folder
		if c.What == Moved {
			before = c.From.Folder
		}
		err = tx.Exec("INSERT INTO change (number, what, entry, parent) VALUES (?, ?, ?, ?)", number, int64(c.What), c.ID, before)
		if err != nil {
			return 0, err
		}
	}
	return number, tx.shorten(tx.Conn.LastInsertRowID())
}

// shorten drops the oldest commits from a log that has become too long.
func (tx *Tx) shorten(last int64) error {
	oldest, err := store.Int(tx.Conn, "SELECT number FROM change WHERE id = ?", last-loggedChanges)
	if err != nil || oldest == 0 {
		return err
	}
	if err := tx.Exec("DELETE FROM change WHERE number <= ?", oldest); err != nil {
		return err
	}
	return tx.Exec("UPDATE index_state SET complete = ?", oldest)
}
