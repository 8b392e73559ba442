package store

import (
	"fmt"
	"math"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Exec runs a statement that returns no rows. Arguments are integers, bools,
// texts, blobs ([]byte, protocol.Path), times, ids, or nil; a zero id or time
// is NULL.
func (tx *Tx) Exec(query string, args ...any) error { return exec(tx.Conn, query, args...) }

// Each runs a query and calls row for each row of its result.
func (tx *Tx) Each(query string, row func(*sqlite.Stmt) error, args ...any) error {
	return Each(tx.Conn, query, row, args...)
}

// Each runs a query on conn and calls row for each row of its result. The
// statement stays prepared.
func Each(conn *sqlite.Conn, query string, row func(*sqlite.Stmt) error, args ...any) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	defer stmt.Reset()
	if err := bind(stmt, args); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if row != nil {
			if err := row(stmt); err != nil {
				return err
			}
		}
	}
}

func exec(conn *sqlite.Conn, query string, args ...any) error { return Each(conn, query, nil, args...) }

// Int returns the first column of a query's only row, or 0 where there is none.
func Int(conn *sqlite.Conn, query string, args ...any) (n int64, err error) {
	err = Each(conn, query, func(s *sqlite.Stmt) error { n = s.ColumnInt64(0); return nil }, args...)
	return n, err
}

func queryInt(conn *sqlite.Conn, query string) (int, error) {
	n, err := Int(conn, query)
	return int(n), err
}

func queryText(conn *sqlite.Conn, query string) (text string, err error) {
	err = Each(conn, query, func(s *sqlite.Stmt) error { text = s.ColumnText(0); return nil })
	return text, err
}

func bind(stmt *sqlite.Stmt, args []any) error {
	for i, arg := range args {
		i++
		switch v := arg.(type) {
		case nil:
			stmt.BindNull(i)
		case int:
			stmt.BindInt64(i, int64(v))
		case int64:
			stmt.BindInt64(i, v)
		case bool:
			stmt.BindBool(i, v)
		case string:
			stmt.BindText(i, v)
		case []byte:
			stmt.BindBytes(i, v)
		case protocol.Path:
			stmt.BindBytes(i, []byte(v))
		case protocol.ID:
			if v == (protocol.ID{}) {
				stmt.BindNull(i)
			} else {
				stmt.BindBytes(i, v[:])
			}
		case time.Time:
			if v.IsZero() {
				stmt.BindNull(i)
			} else {
				stmt.BindInt64(i, Nanoseconds(v))
			}
		default:
			return fmt.Errorf("argument %d has type %T", i, arg)
		}
	}
	return nil
}

// Bytes returns a copy of a blob.
func Bytes(stmt *sqlite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, b)
	return b
}

// Text returns a blob as a string, with one allocation.
func Text(stmt *sqlite.Stmt, col int) string {
	var buf [256]byte // as long as names are on nearly all file systems
	if stmt.ColumnLen(col) > len(buf) {
		return string(Bytes(stmt, col))
	}
	return string(buf[:stmt.ColumnBytes(col, buf[:])])
}

// ID returns an id, zero where the column is NULL.
func ID(stmt *sqlite.Stmt, col int) (id protocol.ID) {
	stmt.ColumnBytes(col, id[:])
	return id
}

// Time returns a time, zero where the column is NULL.
func Time(stmt *sqlite.Stmt, col int) time.Time {
	if stmt.ColumnIsNull(col) {
		return time.Time{}
	}
	return time.Unix(0, stmt.ColumnInt64(col)).UTC()
}

// Nanoseconds returns t as the database keeps it. A time before 1678 or after
// 2261, which no nanoseconds can say, becomes the nearest that they can.
func Nanoseconds(t time.Time) int64 {
	switch sec := t.Unix(); {
	case sec <= math.MinInt64/int64(time.Second):
		return math.MinInt64
	case sec >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return t.UnixNano()
}
