package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func open(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, Options{Schema: testSchema, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func insert(name string) func(*Tx) error {
	return func(tx *Tx) error { return tx.Exec("INSERT INTO content (hash, size) VALUES (?, 1)", []byte(name)) }
}

func count(t *testing.T, db *DB) (n int64) {
	t.Helper()
	err := db.Read(t.Context(), func(conn *sqlite.Conn) (err error) {
		n, err = Int(conn, "SELECT count(*) FROM content")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCode(t *testing.T, err error, code protocol.Code) *protocol.Error {
	t.Helper()
	var wire *protocol.Error
	if !errors.As(err, &wire) || wire.Code != code {
		t.Fatalf("error %v, want one of code %s", err, code)
	}
	return wire
}

func TestOpenSetsUpTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	db := open(t, path)
	err := db.Write(t.Context(), func(tx *Tx) error {
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "user_version": fmt.Sprint(testSchema.newest()), "application_id": "1936745586",
		} {
			if got, err := queryText(tx.Conn, "PRAGMA "+pragma); err != nil || got != want {
				t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("library.db%s has mode %v, %v", suffix, info.Mode(), err)
		}
	}
	if backups, _ := filepath.Glob(path + ".v*"); len(backups) != 0 {
		t.Errorf("a new database was copied: %v", backups)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours.db")
	open(t, ours).Close()
	whole, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	unmarked := filepath.Join(dir, "unmarked.db")
	conn, err := sqlite.OpenConn(unmarked, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(exec(conn, "CREATE TABLE t (x)"), conn.Close()); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(unmarked)
	if err != nil {
		t.Fatal(err)
	}
	edited := func(at int, b ...byte) []byte {
		c := bytes.Clone(whole)
		copy(c[at:], b)
		return c
	}
	for _, tt := range []struct {
		name, says string
		content    []byte
	}{
		{"a newer version", "newer spacedrive", edited(headerUserVersion, 0, 0, 0, 99)},
		{"another program's database", "another program", edited(headerApplicationID, 1, 2, 3, 4)},
		{"another program's database without an application id", "another program", foreign},
		{"no database", "damaged", bytes.Repeat([]byte("text "), 100)},
		{"an empty file", "is empty", nil},
		{"a database cut short", "damaged", whole[:50]},
		{"a damaged schema", "damaged", edited(100, bytes.Repeat([]byte{0xff}, 2000)...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "library.db")
			if err := os.WriteFile(path, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), path, Options{Schema: testSchema})
			wire := wantCode(t, err, protocol.OperationFailed)
			if !strings.Contains(wire.Message, tt.says) || !strings.Contains(wire.Message, path) || wire.Hint == "" {
				t.Errorf("message %q, hint %q", wire.Message, wire.Hint)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, tt.content) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a missing database", func(t *testing.T) {
		path := filepath.Join(dir, "missing.db")
		_, err := Open(t.Context(), path, Options{Schema: testSchema})
		wantCode(t, err, protocol.NotFound)
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Error("it was made")
		}
	})
}

func TestNewerVersionNamesBothVersions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	db := open(t, path)
	if err := db.Write(t.Context(), func(tx *Tx) error { return tx.Exec("PRAGMA user_version = 99") }); err != nil {
		t.Fatal(err)
	}
	// The version stands only in the WAL now: the header on disk is older.
	copied := filepath.Join(t.TempDir(), "library.db")
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Open(t.Context(), copied, Options{Schema: testSchema})
	wire := wantCode(t, err, protocol.OperationFailed)
	if wire.Details["version"] != 99 || wire.Details["known_version"] != testSchema.newest() || !strings.Contains(wire.Hint, "upgrade") {
		t.Errorf("%v, details %v", wire, wire.Details)
	}
}

func TestWriteRollsBack(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	failure := errors.New("failure")
	t.Run("an error", func(t *testing.T) {
		err := db.Write(t.Context(), func(tx *Tx) error { return errors.Join(insert("a")(tx), failure) })
		if !errors.Is(err, failure) || count(t, db) != 0 {
			t.Errorf("error %v, %d rows", err, count(t, db))
		}
	})
	t.Run("a panic, which goes on in the caller", func(t *testing.T) {
		defer func() {
			p, ok := recover().(*Panic)
			if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "store_test.go") {
				t.Errorf("recovered %v", p)
			}
			if count(t, db) != 0 {
				t.Error("rows stay")
			}
		}()
		_ = db.Write(t.Context(), func(tx *Tx) error {
			_ = insert("a")(tx)
			panic("boom")
		})
	})
	t.Run("the end of its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *Tx) error {
			if err := insert("a")(tx); err != nil {
				return err
			}
			cancel()
			return tx.Each(endless, nil)
		})
		if !errors.Is(err, context.Canceled) || count(t, db) != 0 {
			t.Errorf("error %v, %d rows", err, count(t, db))
		}
	})
	if err := db.Write(t.Context(), insert("b")); err != nil || count(t, db) != 1 {
		t.Errorf("afterwards: %v, %d rows", err, count(t, db))
	}
}

// endless is a query that only an interrupt ends.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

func TestWritesFollowOneAnother(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	var writers sync.WaitGroup
	inside, most := 0, 0 // not guarded: the race detector sees two at once
	for range 200 {
		writers.Go(func() {
			err := db.Write(t.Context(), func(tx *Tx) error {
				inside++
				most = max(most, inside)
				n, err := Int(tx.Conn, "SELECT count(*) FROM content")
				inside--
				return errors.Join(err, tx.Exec("INSERT INTO content (hash, size) VALUES (?, ?)", []byte{byte(n)}, n))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if n := count(t, db); n != 200 || most != 1 {
		t.Errorf("%d rows, %d writers at once", n, most)
	}
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	inTx, finish := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- db.Write(t.Context(), func(tx *Tx) error {
			err := insert("a")(tx)
			close(inTx)
			<-finish
			return err
		})
	}()
	<-inTx
	if n := count(t, db); n != 0 {
		t.Errorf("a reader sees %d rows that are not committed", n)
	}
	close(finish)
	if err := <-done; err != nil || count(t, db) != 1 {
		t.Errorf("%v, %d rows", err, count(t, db))
	}
}

func TestReadSeesOneState(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
		before, err := Int(conn, "SELECT count(*) FROM content")
		if err != nil {
			return err
		}
		if err := db.Write(t.Context(), insert("a")); err != nil {
			return err
		}
		after, err := Int(conn, "SELECT count(*) FROM content")
		if before != after {
			t.Errorf("%d rows, then %d", before, after)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := db.Read(ctx, func(conn *sqlite.Conn) error { return Each(conn, endless, nil) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("afterwards %d rows", n)
	}
}

// TestAWriteWaitsForALockNoLongerThanItsContext: while another program has the
// database, a write can be called off, and goes through once it is free.
func TestAWriteWaitsForALockNoLongerThanItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	db := open(t, path)
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := exec(other, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	nothing := func(*Tx) error { return nil }
	cancelled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := db.Write(cancelled, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the cancelling", err)
	}
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := db.Write(late, nothing); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
	written := make(chan error, 1)
	go func() { written <- db.Write(t.Context(), nothing) }()
	if err := exec(other, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

func TestReadsOneAfterAnotherShareAConnection(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	reader := func(inside func()) (used *sqlite.Conn) {
		t.Helper()
		if err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
			used = conn
			inside()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return used
	}
	// Two at once need two connections; the outer ends last.
	last := reader(func() { reader(func() {}) })
	for range 2 * readers {
		if conn := reader(func() {}); conn != last {
			t.Fatal("a read has another connection than the read before it")
		}
	}
}

func TestRelax(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	var callers sync.WaitGroup
	for i := range 4 {
		callers.Go(func() {
			for k := range 20 {
				db.Relax()
				if err := db.Write(t.Context(), insert(string(rune(i))+string(rune(k)))); err != nil {
					t.Error(err)
				}
				count(t, db)
			}
		})
	}
	callers.Wait()
	if n := count(t, db); n != 80 {
		t.Errorf("%d rows", n)
	}
}

func TestReadCannotWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
		return exec(conn, "INSERT INTO content (hash, size) VALUES (x'00', 1)")
	})
	if err == nil {
		t.Error("a reader wrote")
	}
}

func TestCloseRefusesWhatIsQueued(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "library.db"))
	inTx, finish := make(chan struct{}), make(chan struct{})
	first, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		first <- db.Write(t.Context(), func(tx *Tx) error {
			close(inTx)
			<-finish
			return insert("a")(tx)
		})
	}()
	<-inTx
	go func() { closed <- db.Close() }()
	<-db.closing
	wantCode(t, db.Write(t.Context(), insert("b")), protocol.CoreUnavailable)
	wantCode(t, db.Read(t.Context(), func(*sqlite.Conn) error { return nil }), protocol.CoreUnavailable)
	close(finish)
	if err := errors.Join(<-first, <-closed); err != nil {
		t.Error(err)
	}
	if n := count(t, open(t, db.path)); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	for range 50 {
		path := filepath.Join(t.TempDir(), "library.db")
		db := open(t, path)
		if err := db.Write(t.Context(), insert("a")); err != nil {
			t.Fatal(err)
		}
		count(t, db) // by a connection that reads
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(path + "*")
		if err != nil || len(left) != 1 {
			t.Fatalf("closed, the database has left %v, %v", left, err)
		}
	}
}

func TestAfterCommitRunsInTheOrderOfTheCommits(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"))
	var order []int // written on the writer's goroutine alone, read after Close
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_ = db.Write(t.Context(), func(tx *Tx) error {
				n, err := Int(tx.Conn, "SELECT count(*) FROM location")
				if err != nil {
					return err
				}
				tx.AfterCommit(func() { order = append(order, int(n)) })
				if i%4 == 3 {
					return errors.New("rolled back")
				}
				return tx.Exec("INSERT INTO location (uuid, path, name, mode, added_at) VALUES (?, ?, 'n', 'shallow', 1)", protocol.NewID(), protocol.Path(fmt.Sprint(i)))
			})
		})
	}
	wg.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	want := make([]int, 15)
	for i := range want {
		want[i] = i
	}
	if !slices.Equal(order, want) {
		t.Errorf("called in the order %v", order)
	}
}

// TestAQueuedWriteEndsWithItsContext: the write before it waits for another
// program's lock, which is no reason to wait longer than ctx.
func TestAQueuedWriteEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	db := open(t, path)
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := exec(other, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	first, begun := make(chan error, 1), asked{t.Context(), make(chan struct{}, 1)}
	go func() { first <- db.Write(begun, insert("a")) }()
	<-begun.ch
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(db.writes) == 0 {
			runtime.Gosched()
		}
		cancel()
	}()
	if err := db.Write(ctx, insert("b")); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	select {
	case err := <-first:
		t.Errorf("it returned after the first, which gave up waiting: %v", err)
	default:
		if err := exec(other, "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// An asked context reports that its error was asked for, as the writer does
// before it begins a transaction.
type asked struct {
	context.Context
	ch chan struct{}
}

func (a asked) Err() error {
	select {
	case a.ch <- struct{}{}:
	default:
	}
	return a.Context.Err()
}
