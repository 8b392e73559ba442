package store

import (
	"errors"
	"os"
	command "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

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

// cutPower makes a file system lose all that is not durable, and refuse every
// write from then on (EXT4_IOC_SHUTDOWN in linux/fs/ext4/ext4.h, without a
// flush of the journal).
func cutPower(t *testing.T, dir string) {
	t.Helper()
	const shutdown, withoutFlush = 0x8004587d, 2
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := unix.IoctlSetPointerInt(int(root.Fd()), shutdown, withoutFlush); err != nil {
		t.Fatal(err)
	}
}

func mountImage(t *testing.T, image, dir string) {
	t.Helper()
	if out, err := command.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Skipf("THE POWER CUT IS NOT TESTED: mounting an image takes root: %v: %s", err, out)
	}
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	if out, err := command.Command("umount", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestSettledDataSurviveAPowerCut: also while another program reads, which no
// checkpoint would go past.
func TestSettledDataSurviveAPowerCut(t *testing.T) {
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	if err := os.WriteFile(image, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mountImage(t, image, dir)
	t.Cleanup(func() { unmount(t, dir) })
	folder := filepath.Join(dir, "lib")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "library.db")
	db, err := Open(t.Context(), path, Options{Schema: testSchema, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	// After a checkpoint the reader reads the database alone, and the next
	// write overwrites the log, whose place on the disk is durable already.
	if err := db.Write(t.Context(), insert("old")); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"PRAGMA wal_checkpoint(FULL)", "BEGIN", "SELECT count(*) FROM content"} {
		if err := exec(other, statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Write(t.Context(), insert("new")); err != nil {
		t.Fatal(err)
	}
	if err := Settle(t.Context(), path); err != nil {
		t.Error(err)
	}
	cutPower(t, dir)
	other.Close()
	db.Close()
	unmount(t, dir)
	mountImage(t, image, dir)
	db = open(t, path)
	if n := count(t, db); n != 2 {
		t.Errorf("%d rows after the power cut", n)
	}
	if err := db.Close(); err != nil { // before the disk goes
		t.Error(err)
	}
}
