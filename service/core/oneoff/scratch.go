package oneoff

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A scratch is a temporary database of what a scan has found. SQLite keeps it
// in memory up to the size of its cache, and beyond that in a file that has no
// name, in SQLITE_TMPDIR, TMPDIR, /var/tmp or /tmp
// (https://sqlite.org/tempfiles.html). A million files take 100 MB there, two
// thirds of that with their names.
type scratch struct {
	conn *sqlite.Conn

	paths map[int64]string // of some folders
	bytes int              // of paths
}

// makeScratch are the statements that make one. All is one transaction, which
// is never committed.
var makeScratch = []string{
	"PRAGMA cache_size = -8192", // KiB
	"PRAGMA journal_mode = OFF",
	"BEGIN",
	`CREATE TABLE folder (
		id     INTEGER PRIMARY KEY,
		parent INTEGER NOT NULL, -- 0 at a path that was given
		name   BLOB    NOT NULL, -- there the whole path
		mount  INTEGER NOT NULL, -- whether it may be a mount point
		only   BLOB              -- the one name in it that was given
	)`,
	`CREATE TABLE file ( -- regular, not empty, one name of each
		id       INTEGER PRIMARY KEY,
		folder   INTEGER NOT NULL,
		name     BLOB    NOT NULL,
		size     INTEGER NOT NULL,
		modified INTEGER NOT NULL,
		device   INTEGER NOT NULL,
		inode    INTEGER NOT NULL
	)`,
	// Files with several names that were met.
	"CREATE TABLE link (device INTEGER, inode INTEGER, PRIMARY KEY (device, inode)) WITHOUT ROWID",
	// Files of equal size, and what they may have in common besides.
	"CREATE TABLE candidate (file INTEGER PRIMARY KEY)",
	"CREATE TABLE copy (size INTEGER, key BLOB, file INTEGER)",
}

// newScratch makes a database whose statements end with ctx.
func newScratch(ctx context.Context) (*scratch, error) {
	conn, err := sqlite.OpenConn("", sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, explain(err)
	}
	s := &scratch{conn: conn, paths: make(map[int64]string)}
	for _, query := range makeScratch {
		if err := s.exec(query); err != nil {
			return nil, errors.Join(explain(err), s.close())
		}
	}
	conn.SetInterrupt(ctx.Done())
	return s, nil
}

func (s *scratch) close() error { return s.conn.Close() }

func (s *scratch) exec(query string, args ...any) error {
	return store.Each(s.conn, query, nil, args...)
}

// explain returns an error of the scratch as the job engine knows it: on a full
// disk it pauses the job.
func explain(err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull {
		return fmt.Errorf("cannot write a temporary file: %w", syscall.ENOSPC)
	}
	return err
}

// maxPathBytes bounds the paths that are remembered.
const maxPathBytes = 1 << 20

// path returns the path of a folder.
func (s *scratch) path(id int64) (string, error) {
	if path, ok := s.paths[id]; ok {
		return path, nil
	}
	var parent int64
	var path string
	err := store.Each(s.conn, "SELECT parent, name FROM folder WHERE id = ?", func(stmt *sqlite.Stmt) error {
		parent, path = stmt.ColumnInt64(0), store.Text(stmt, 1)
		return nil
	}, id)
	if err != nil {
		return "", err
	}
	if parent != 0 {
		above, err := s.path(parent)
		if err != nil {
			return "", err
		}
		path = entries.Join(above, path)
	}
	if s.bytes += len(path); s.bytes > maxPathBytes {
		s.paths, s.bytes = make(map[int64]string), len(path)
	}
	s.paths[id] = path
	return path, nil
}
