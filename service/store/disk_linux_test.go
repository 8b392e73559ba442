package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Tests on disks of their own, which take root.

// smallDisk mounts a file system of the given size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("THE FULL DISK IS NOT TESTED: mounting a tmpfs takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "3m")
	db := open(t, filepath.Join(dir, "library.db"))
	if err := db.Write(t.Context(), insert("before")); err != nil {
		t.Fatal(err)
	}
	big := func(tx *Tx) error {
		return tx.Exec("INSERT INTO content (hash, size) VALUES (zeroblob(4000000), 1)")
	}
	wire := wantCode(t, db.Write(t.Context(), big), protocol.OperationFailed)
	if !errors.Is(wire, syscall.ENOSPC) || !strings.Contains(wire.Message, "no space left on device") ||
		!strings.Contains(wire.Message, db.path) || wire.Hint == "" {
		t.Errorf("message %q, hint %q", wire.Message, wire.Hint)
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows after the failure", n)
	}
	if err := db.Write(t.Context(), insert("after")); err != nil || count(t, db) != 2 {
		t.Errorf("a small write afterwards: %v, %d rows", err, count(t, db))
	}
	// No byte is left at all.
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	var failed error
	for i := 0; i < 1000 && failed == nil; i++ {
		failed = db.Write(t.Context(), insert(strings.Repeat("x", 3000)+string(rune('a'+i))))
	}
	if !errors.Is(failed, syscall.ENOSPC) {
		t.Fatalf("on a disk without a free byte: %v", failed)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), insert("at last")); err != nil {
		t.Errorf("after space was freed: %v", err)
	}
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func TestReadOnlyFolder(t *testing.T) {
	dir := smallDisk(t, "1m")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filepath.Join(dir, "library.db"), Options{Schema: testSchema, Create: true})
	wantCode(t, err, protocol.PermissionDenied)
}
func TestMigrationNeedsRoomForTheCopy(t *testing.T) {
	dir := smallDisk(t, "1m")
	source := older(t, 1)
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "library.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	columns := tables(t, path)
	before := dump(t, path, columns)
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	if _, err := Open(t.Context(), path, Options{Schema: testSchema}); err == nil {
		t.Fatal("it migrated without a copy")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if after := dump(t, path, columns); after != before {
		t.Error("the database changed")
	}
}
