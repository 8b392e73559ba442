package store

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// Read calls fn with a connection that only reads, and that sees the database
// as it is at fn's first query, whatever is written meanwhile. At most four
// reads run at once; more wait. The end of ctx stops a running query. fn must
// not keep the connection.
func (db *DB) Read(ctx context.Context, fn func(*sqlite.Conn) error) (err error) {
	select {
	case <-db.closing:
		return errClosed
	default:
	}
	select {
	case db.reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.closing:
		return errClosed
	}
	defer func() { <-db.reading }()
	conn := db.takeReader()
	defer func() { db.putReader(conn) }()
	if conn == nil {
		if conn, err = openReader(db.path); err != nil {
			return db.explain(err)
		}
	}
	if err := exec(conn, "BEGIN"); err != nil {
		return db.explain(err)
	}
	defer func() {
		conn.SetInterrupt(nil)
		if end := exec(conn, "ROLLBACK"); end != nil && err == nil {
			err = db.explain(end)
		}
	}()
	conn.SetInterrupt(ctx.Done())
	return db.explainIn(ctx, fn(conn))
}

// takeReader returns the connection that was used last, whose cache is the
// warmest, or nil where none is idle. SQLite shares out the memory of all
// caches, so to use them in turn would fill each to its limit.
func (db *DB) takeReader() *sqlite.Conn {
	db.mu.Lock()
	defer db.mu.Unlock()
	last := len(db.idle) - 1
	if last < 0 {
		return nil
	}
	conn := db.idle[last]
	db.idle = db.idle[:last]
	return conn
}

// putReader takes back what takeReader returned, or an opened one in its place.
func (db *DB) putReader(conn *sqlite.Conn) {
	if conn == nil {
		return
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.idle = append(db.idle, conn)
}

func openReader(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	for _, pragma := range []string{"PRAGMA query_only = on", fmt.Sprintf("PRAGMA cache_size = -%d", readerCache/1024)} {
		if err := exec(conn, pragma); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}
