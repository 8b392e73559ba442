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
	var conn *sqlite.Conn
	select {
	case <-db.closing:
		return errClosed
	default:
	}
	select {
	case conn = <-db.free:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.closing:
		return errClosed
	}
	defer func() { db.free <- conn }()
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
