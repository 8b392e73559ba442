package store

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// lockedByUs reports whether another process would find POSIX locks on a file.
func lockedByUs(t *testing.T, path string) bool {
	t.Helper()
	// fcntl tells nothing of the own process's locks; an open file
	// description's lock is somebody else's to it.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	err = unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &lock)
	if err != nil {
		t.Fatal(err)
	}
	// Closing fd would drop the very locks.
	t.Cleanup(func() { unix.Close(fd) })
	return lock.Type != unix.F_UNLCK
}

func TestAFileThatWasOpenBeforeItsDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	first := open(t, path)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if !lockedByUs(t, path) {
		t.Fatal("an open database has no locks")
	}
	if err := CloseFile(f); err != nil {
		t.Fatal(err)
	}
	if !lockedByUs(t, path) {
		t.Error("closing the file has dropped the database's locks")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Stat(); err == nil {
		t.Error("the file is still open after its database was closed")
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "library.db")
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	db := open(t, path)
	if err := os.Link(path, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file-wal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inUse := func() (all []string) {
		for _, name := range []string{"library.db", "library.db-wal", "library.db-shm", "library.db-journal", "link", "file-wal", "missing"} {
			if InUse(int(folder.Fd()), name) {
				all = append(all, name)
			}
		}
		return all
	}
	if got := inUse(); len(got) != 5 {
		t.Errorf("in use: %v", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := inUse(); len(got) != 0 {
		t.Errorf("after the database was closed: %v", got)
	}
}

func TestADatabaseIsNotOpenedByTwoNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	db := open(t, path)
	link := filepath.Join(t.TempDir(), "library.db")
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), link, Options{Schema: testSchema})
	wantCode(t, err, protocol.Conflict)
	if !lockedByUs(t, path) {
		t.Error("the refusal has dropped the database's locks")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, link)
}

// TestCloseDoesNotWaitForOtherPrograms closes a database while a write waits
// for another program's lock.
func TestCloseDoesNotWaitForOtherPrograms(t *testing.T) {
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
	written := make(chan error, 2)
	for range cap(written) {
		go func() { written <- db.Write(t.Context(), insert("a")) }()
	}
	for len(db.writes) == 0 { // the first waits for the lock, the second for the first
		runtime.Gosched()
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	for range cap(written) {
		wantCode(t, <-written, protocol.CoreUnavailable)
	}
}
