// Package store keeps data in a SQLite database: a library's, or an instance's.
// Open opens or creates it and brings its schema, which its user gives, up to
// date; Write changes it, Read reads it.
//
// One goroutine owns the only connection that writes, so writes are in order,
// and a job's work and its checkpoint stand in one transaction. Readers have
// connections of their own and, the database being in WAL mode, neither wait
// for the writer nor hold it up.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
)

const (
	// readers is how many reads run at once; more wait. Each connection may
	// cache readerCache of pages.
	readers     = 4
	readerCache = 1 << 20 // bytes
	writerCache = 8 << 20 // bytes; holds the upper levels of the indexes of some million entries

	// checkpointPages is how long the WAL grows before its pages are copied
	// into the database, which costs two fsyncs: 16 MiB of 4 KiB pages.
	checkpointPages = 4096
	busyTimeout     = 10 * time.Second // for other programs' locks
)

// Options say how to open a database.
type Options struct {
	Schema *Schema
	// Create makes the database where there is none. Without it that is an
	// error of code NotFound.
	Create bool
	// Migrating, if set, is called with each step of the migration of an older
	// database, which may take long.
	Migrating func(msg string)
}

// A DB is an open database. Its methods may be called by any number of
// goroutines.
type DB struct {
	path   string
	schema *Schema
	files  []inode // that holdFiles noted

	conn       *sqlite.Conn // writes; the writer's, and once that has ended Close's
	writes     chan *write
	relax      chan struct{} // asks the writer to give back memory
	writerDone chan struct{}

	reading chan struct{} // holds a token for each read that runs
	mu      sync.Mutex
	idle    []*sqlite.Conn // to read with; guarded by mu

	closeOnce sync.Once
	closing   chan struct{}
	closeErr  error
}

// Open opens the database at path. A database that a newer spacedrive has
// written, or that is not one of ours, is refused and left as it is.
func Open(ctx context.Context, path string, o Options) (_ *DB, err error) {
	keepSlabs()
	db := &DB{
		path:       path,
		schema:     o.Schema,
		writes:     make(chan *write, writeQueue),
		relax:      make(chan struct{}, 1),
		writerDone: make(chan struct{}),
		reading:    make(chan struct{}, readers),
		closing:    make(chan struct{}),
	}
	defer func() {
		if err != nil {
			db.releaseFiles()
		}
	}()
	if err := db.holdFiles(ctx); err != nil {
		return nil, db.explain(err)
	}
	fresh, err := o.Schema.checkHeader(path)
	if errors.Is(err, fs.ErrNotExist) && !o.Create {
		return nil, protocol.Errorf(protocol.NotFound, "there is no %s database at %s: %w", o.Schema.Of, path, fs.ErrNotExist).
			With("path", protocol.Path(path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if fresh && !o.Create {
		return nil, protocol.Errorf(protocol.OperationFailed, "the %s database %s is empty", o.Schema.Of, path).
			With("path", protocol.Path(path)).WithHint("put a copy of it back: %s.v*.bak beside it is one, if it is there", filepath.Base(path))
	}
	conn, err := openWriter(path)
	if err != nil {
		return nil, db.explain(err)
	}
	err = db.holdFiles(ctx) // before the first lock, of a database that was just made
	if err == nil {
		conn.SetInterrupt(ctx.Done())
		err = db.prepare(ctx, conn, o)
		conn.SetInterrupt(nil)
	}
	if err == nil {
		err = db.holdFiles(ctx)
	}
	if err != nil {
		conn.Close()
		if fresh {
			removeFiles(path)
		}
		return nil, db.explainIn(ctx, err)
	}
	db.conn = conn
	go db.writer()
	return db, nil
}

// Settle makes all that was written to the database at path durable, its name
// in the folder too. Call it before recording a new database elsewhere.
func Settle(ctx context.Context, path string) error {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	// A commit with synchronous = full syncs the whole write-ahead log. A
	// checkpoint would have to wait for other programs' reads.
	err = exec(conn, "PRAGMA synchronous = full")
	if err == nil {
		w := &write{ctx: ctx, fn: func(tx *Tx) error {
			version, err := queryInt(conn, "PRAGMA user_version")
			return errors.Join(err, tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)))
		}}
		w.run(conn)
		err = w.err
	}
	if err := errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("cannot write %s to the disk: %w", path, err)
	}
	return syncPath(filepath.Dir(path))
}

// removeFiles removes a database that could not be made.
func removeFiles(path string) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(path + suffix)
	}
}

// openWriter opens a connection without writing anything but, where there is no
// file, an empty one. It is the user's alone, as are those that SQLite puts
// beside it.
func openWriter(path string) (*sqlite.Conn, error) {
	if err := touch(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	return conn, nil
}

// touch makes an empty file where there is none.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// prepare sets up the connection and migrates.
func (db *DB) prepare(ctx context.Context, conn *sqlite.Conn, o Options) error {
	// The header on disk may be older than the WAL: look again through SQLite.
	version, err := queryInt(conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if version > db.schema.newest() {
		return db.schema.newerError(db.path, version)
	}
	if version == 0 { // new, or what a killed process left of a new one
		tables, err := queryInt(conn, "SELECT count(*) FROM sqlite_schema")
		if err != nil {
			return err
		}
		if tables > 0 {
			return db.schema.foreignError(db.path)
		}
	}
	mode, err := queryText(conn, "PRAGMA journal_mode = wal")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return protocol.Errorf(protocol.OperationFailed, "the file system of %s does not support the database's write-ahead log", db.path).
			With("path", protocol.Path(db.path)).WithHint("put the %s on a local disk", db.schema.Of)
	}
	for _, pragma := range []string{
		"PRAGMA synchronous = normal", // a commit survives kill -9, and a power cut may undo the last ones but not harm the database
		"PRAGMA foreign_keys = on",
		fmt.Sprintf("PRAGMA cache_size = -%d", writerCache/1024),
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages),
		fmt.Sprintf("PRAGMA journal_size_limit = %d", checkpointPages*4096),
	} {
		if err := exec(conn, pragma); err != nil {
			return err
		}
	}
	if version == 0 {
		if err := exec(conn, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
	}
	return db.schema.migrate(ctx, conn, db.path, db.schema.newest(), o.Migrating)
}

// Relax frees memory that idle connections keep for speed. Call it when no work
// is expected soon.
func (db *DB) Relax() {
	var idle []*sqlite.Conn
	for range readers {
		select {
		case db.reading <- struct{}{}:
			idle = append(idle, db.takeReader())
		default:
		}
	}
	for _, conn := range idle {
		if conn != nil {
			_ = exec(conn, "PRAGMA shrink_memory")
		}
		db.putReader(conn)
		<-db.reading
	}
	select {
	case db.relax <- struct{}{}:
	default: // the writer has been asked already
	}
}

// Path returns the path of the database's file.
func (db *DB) Path() string { return db.path }

// Version returns the version of the database's schema.
func (db *DB) Version() int { return db.schema.newest() }

// Close closes the database. It waits for running transactions, however long they
// take, and refuses those that are queued or wait for another program's lock. The
// writing connection is closed last, alone: SQLite then copies the WAL into the
// database, which two connections that are closed at once leave to each other.
func (db *DB) Close() error {
	db.closeOnce.Do(func() {
		close(db.closing)
		for range readers {
			db.reading <- struct{}{}
		}
		for conn := db.takeReader(); conn != nil; conn = db.takeReader() {
			conn.Close()
		}
		<-db.writerDone
		db.closeErr = db.conn.Close()
		db.releaseFiles()
	})
	return db.closeErr
}

var errClosed = protocol.Errorf(protocol.CoreUnavailable, "the database is being closed")
