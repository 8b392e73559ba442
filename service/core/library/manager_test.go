package library_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Libraries whose disk, or whose reader, does not answer.

type noEvents struct{}

func (noEvents) Publish(protocol.Event) {}

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

type lab struct {
	*library.Manager
	t   *testing.T
	r   *registry.Registry
	log log
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, r: registry.New()}
	l.Manager = library.NewManager(library.Options{DataDir: t.TempDir(), Events: noEvents{}, Log: zerolog.New(&l.log)})
	l.Register(l.r)
	must(t, l.Open(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		l.Close(ctx)
	})
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func call[In, Out any](ctx context.Context, l *lab, id protocol.ID, op protocol.Operation[In, Out], in In) (out Out, err error) {
	m, err := l.r.Find(op.Kind, op.Name)
	must(l.t, err)
	result, err := m.Run(&registry.Call{Context: ctx, LibraryID: id, Session: new(registry.Session)}, &in)
	if err != nil {
		return out, err
	}
	return *result.(*Out), nil
}

func (l *lab) create(name, path string) api.Library {
	l.t.Helper()
	lib, err := call(l.t.Context(), l, protocol.ID{}, api.LibrariesCreate, api.LibraryCreateInput{Name: name, Path: api.Path(path)})
	must(l.t, err)
	return lib
}

// shortly returns a context that ends soon, as a call with timeout_ms has.
func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

// ends fails the test where fn does not return although its context has ended.
func ends(t *testing.T, what string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s does not end", what)
	}
}

// readForever reads an open library until the function that it returns is
// called.
func (l *lab) readForever(id protocol.ID) (end func()) {
	l.t.Helper()
	var db *store.DB
	for _, lib := range l.All() {
		if lib.ID == id {
			db = lib.DB
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.t.Cleanup(cancel)
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = db.Read(ctx, func(conn *sqlite.Conn) error {
			close(begun)
			return store.Each(conn, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", nil)
		})
	}()
	<-begun
	return func() {
		cancel()
		<-ended
	}
}

// awaitUnlocked waits until nobody has the library in a folder open. Meanwhile
// it calls try.
func awaitUnlocked(t *testing.T, folder string, try func()) {
	t.Helper()
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		try()
		lock, err := lockfile.Acquire(filepath.Join(folder, library.FilePrefix+".lock"))
		if err == nil || errors.Is(err, os.ErrNotExist) {
			lock.Release()
			return
		}
		if time.Now().After(end) {
			t.Error(err)
			return
		}
	}
}

func TestCloseGivesUpOnAReader(t *testing.T) {
	l := newLab(t)
	slow, other := l.create("Slow", ""), l.create("Other", "")
	end := l.readForever(slow.ID)
	ctx, giveUp := context.WithCancel(t.Context())
	ends(t, "Close", func() {
		go func() {
			defer giveUp()
			awaitUnlocked(t, string(other.Path), func() {}) // the other library is closed all the same
		}()
		l.Close(ctx)
	})
	if !strings.Contains(l.log.String(), "did not close in time") || !strings.Contains(l.log.String(), slow.ID.String()) {
		t.Errorf("the log says %s", l.log.String())
	}
	if len(l.All()) != 0 {
		t.Errorf("still there: %v", l.Status())
	}
	if _, err := lockfile.Acquire(filepath.Join(string(slow.Path), library.FilePrefix+".lock")); err == nil {
		t.Error("the lock was released before the database was closed")
	}
	end()
	awaitUnlocked(t, string(slow.Path), func() {})
}

func TestDeleteGivesUpOnAReader(t *testing.T) {
	l := newLab(t)
	lib := l.create("Slow", "")
	end := l.readForever(lib.ID)
	ends(t, "the delete", func() {
		out, err := call(t.Context(), l, lib.ID, api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: true})
		if err == nil || !strings.Contains(err.Error(), "no longer listed") {
			t.Errorf("%+v, %v", out, err)
		}
	})
	if _, err := os.Stat(filepath.Join(string(lib.Path), library.FilePrefix)); err != nil {
		t.Errorf("removed under its reader: %v", err)
	}
	l.create("Slow", "") // its name is free
	end()
	awaitUnlocked(t, string(lib.Path), func() {})
}

// A fifo in place of a database is like a file on a disk that does not answer:
// whoever opens it waits.
func deadDisk(t *testing.T, folder string) (answer func()) {
	t.Helper()
	db := filepath.Join(folder, library.FilePrefix)
	must(t, os.MkdirAll(folder, 0o700))
	if _, err := os.Lstat(db); err == nil {
		must(t, os.Rename(db, db+".away"))
	}
	must(t, syscall.Mkfifo(db, 0o600))
	return func() {
		must(t, os.Rename(db, db+".fifo"))
		if _, err := os.Lstat(db + ".away"); err == nil {
			must(t, os.Rename(db+".away", db))
		}
		awaitUnlocked(t, folder, func() {
			f, err := os.OpenFile(db+".fifo", os.O_RDWR, 0)
			must(t, err)
			f.Close()
		})
		must(t, os.Remove(db+".fifo"))
	}
}

func TestADeadDiskHoldsUpItsLibraryAlone(t *testing.T) {
	l := newLab(t)
	dead, good := l.create("Dead", ""), l.create("Good", "")
	l.Close(t.Context())
	answer := deadDisk(t, string(dead.Path))
	ends(t, "Open", func() { must(t, l.Open(t.Context())) })
	for _, s := range l.Status() {
		if open := s.State == library.Open; open != (s.ID == good.ID) {
			t.Errorf("%+v", s)
		}
	}
	ends(t, "a call", func() {
		_, err := call(shortly(t), l, dead.ID, api.LibrariesRename, api.LibraryRenameInput{NewName: "B"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("rename: %v", err)
		}
	})
	_, err := call(t.Context(), l, good.ID, api.LibrariesRename, api.LibraryRenameInput{NewName: "Better"})
	must(t, err)
	ends(t, "Close", func() { l.Close(shortly(t)) })
	awaitUnlocked(t, string(good.Path), func() {}) // Close may have had too little time
	answer()
	must(t, l.Open(t.Context()))
	for _, s := range l.Status() {
		if s.State != library.Open {
			t.Errorf("after the disk answered: %+v", s)
		}
	}
}

func TestACreateOnADeadDiskEndsWithItsCall(t *testing.T) {
	l := newLab(t)
	folder := filepath.Join(t.TempDir(), "lib")
	answer := deadDisk(t, folder)
	ends(t, "the create", func() {
		_, err := call(shortly(t), l, protocol.ID{}, api.LibrariesCreate, api.LibraryCreateInput{Name: "A", Path: api.Path(folder)})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("create: %v", err)
		}
	})
	l.create("B", "")
	answer()
	l.create("A", folder) // name and folder are free again
}

// A rename that failed may leave another name in the database than the list's.
func TestOpeningRepairsTheName(t *testing.T) {
	l := newLab(t)
	lib := l.create("Home", "")
	l.Close(t.Context())
	conn, err := sqlite.OpenConn(filepath.Join(string(lib.Path), library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	must(t, store.Each(conn, "UPDATE library SET name = 'Other'", nil))
	must(t, l.Open(t.Context()))
	must(t, store.Each(conn, "SELECT name FROM library", func(s *sqlite.Stmt) error {
		if got := s.ColumnText(0); got != "Home" {
			t.Errorf("the database has %q", got)
		}
		return nil
	}))
}

func TestNothingChangesOnceClosed(t *testing.T) {
	l := newLab(t)
	lib := l.create("Home", "")
	l.Close(t.Context())
	_, err := call(t.Context(), l, protocol.ID{}, api.LibrariesCreate, api.LibraryCreateInput{Name: "New"})
	if !protocol.HasCode(err, protocol.CoreUnavailable) {
		t.Errorf("create: %v", err)
	}
	must(t, l.Open(t.Context()))
	if all := l.All(); len(all) != 1 || all[0].ID != lib.ID || all[0].DB == nil {
		t.Errorf("libraries: %v", l.Status())
	}
}
