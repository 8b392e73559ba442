package entries

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// An Index is the entries of one library. Its methods may be called by any
// number of goroutines.
type Index struct {
	ids  IDSpace
	db   *store.DB
	log  zerolog.Logger
	next atomic.Int64 // the number that the next entry gets

	unidentified atomic.Bool // see load.go

	mu        sync.Mutex // guards the fields below; never held during I/O
	followers []func(*Commit)
	recent    []mark
	loads     int

	wake chan struct{} // asks the reaper to look
	stop context.CancelFunc
	done chan struct{} // closed when the reaper has ended
}

// A mark says that the entries added at a time have the given number or greater
// ones.
type mark struct {
	at    time.Time
	least int64
}

// Open returns the index in a library's database, and goes on with removing
// what was deleted. A new library gets ids of its own.
func Open(ctx context.Context, db *store.DB, library protocol.ID, log zerolog.Logger) (*Index, error) {
	x := &Index{ids: IDSpace{Library: library}, db: db, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	next := int64(0)
	err := db.Read(ctx, func(conn *sqlite.Conn) error {
		complete, err := identified(conn)
		if err != nil {
			return err
		}
		x.unidentified.Store(!complete)
		return store.Each(conn, "SELECT next_id, mask FROM index_state", func(s *sqlite.Stmt) error {
			next, x.ids.Mask = s.ColumnInt64(0), uint64(s.ColumnInt64(1))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	x.next.Store(next)
	running, stop := context.WithCancel(context.Background())
	x.stop = stop
	go x.reap(running)
	x.wakeReaper()
	return x, nil
}

// NewMask draws the mask of a new library's ids. It belongs into the
// transaction that makes the library.
func NewMask(tx *store.Tx) error {
	return tx.Exec("UPDATE index_state SET mask = ?", int64(rand.Uint64()&^variantMask))
}

// Close ends what the index does by itself. It waits for a running transaction,
// or for the end of ctx.
func (x *Index) Close(ctx context.Context) {
	x.stop()
	select {
	case <-x.done:
	case <-ctx.Done():
	}
}

// IDs returns how the library's entries are named on the wire.
func (x *Index) IDs() IDSpace { return x.ids }

// NewID returns a number for a new entry. One that no commit has used may be
// given out again after a restart.
func (x *Index) NewID() int64 {
	return x.next.Add(1) - 1
}

// settledAfter is how long an entry must have been in the index for its id to
// count as its own where it takes another's place: a file saved by writing
// beside and renaming over keeps the id of its path.
var settledAfter = 10 * time.Second

// SetSettledAfter changes that for a test, and returns what changes it back.
func SetSettledAfter(d time.Duration) (restore func()) {
	was := settledAfter
	settledAfter = d
	return func() { settledAfter = was }
}

// Settled reports whether an entry has been in the index for longer than a
// program takes to save a file.
func (x *Index) Settled(id int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(time.Now())
	for _, m := range x.recent {
		if id >= m.least {
			return false
		}
	}
	return true
}

// noteTime notes that entries from the given number on may have been added just
// now.
func (x *Index) noteTime(least int64) {
	const step = 100 * time.Millisecond
	now := time.Now()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(now)
	if n := len(x.recent); n > 0 && now.Sub(x.recent[n-1].at) < step {
		last := &x.recent[n-1]
		last.at, last.least = now, min(last.least, least)
		return
	}
	x.recent = append(x.recent, mark{now, least})
}

func (x *Index) forget(now time.Time) {
	x.recent = slices.DeleteFunc(x.recent, func(m mark) bool { return now.Sub(m.at) >= settledAfter })
}

// Device returns the number by which entries know the file system with the
// given identity.
func (x *Index) Device(ctx context.Context, identity string) (number int64, err error) {
	err = x.db.Read(ctx, func(conn *sqlite.Conn) (err error) {
		number, err = store.Int(conn, "SELECT id FROM device WHERE identity = ?", identity)
		return err
	})
	if err != nil || number != 0 {
		return number, err
	}
	err = x.db.Write(ctx, func(tx *store.Tx) (err error) {
		number, err = store.Int(tx.Conn, "INSERT INTO device (identity) VALUES (?) ON CONFLICT DO UPDATE SET identity = identity RETURNING id", identity)
		return err
	})
	return number, err
}

// AddRoot adds the root of a location, whose path is path, and returns its
// number.
func AddRoot(tx *Tx, path string) (int64, error) {
	e := Entry{ID: tx.index.NewID(), Name: path, Attributes: Attributes{Kind: Folder}}
	return e.ID, tx.Insert("", &e)
}

// SetRoot notes what the root of a location is. It is in no folder, so no total
// changes, and nothing is published.
func SetRoot(tx *store.Tx, e *Entry) error {
	return (&Tx{Tx: tx}).writeRow(e)
}
