package core_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// fixtureID is the library in testdata/library-v2.db.gz, which the
// program before schema 3 made of the tree below, in mode content,
// and of another folder, in mode shallow.
var fixtureID = uuid.MustParse("01a22c69-34f8-7b9a-a516-2b00d2667123")

var fixtureFiles = map[string]string{
	"docs/a.txt": "same", "docs/deep/b.txt": "same", "docs/deep/er/c.jpg": "pic", ".hidden/in/d.md": "x",
	"bad\xff.txt": "n", "Łódź.txt": "Uni", "two/z.go": "z",
}

// fixture makes the tree again in a folder, and a data folder whose library is
// the old one, as if it had indexed that. With extra entries the migration
// takes longer.
func fixture(t *testing.T, extra int) (root, data string) {
	t.Helper()
	root, data = t.TempDir(), filepath.Join(t.TempDir(), "data")
	for name, content := range fixtureFiles {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o644))
	}
	must(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
	must(t, os.Symlink("nowhere", filepath.Join(root, "link")))
	folder := filepath.Join(data, "libraries", fixtureID.String())
	must(t, os.MkdirAll(folder, 0o700))
	unpackFixture(t, filepath.Join(folder, "library.db"))
	must(t, os.WriteFile(filepath.Join(data, "libraries.json"),
		fmt.Appendf(nil, `{"libraries": [{"id": %q, "name": "Fixture", "path": %q}]}`, fixtureID, folder), 0o600))

	conn, err := sqlite.OpenConn(filepath.Join(folder, "library.db"), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	run := func(query string, args ...any) {
		t.Helper()
		must(t, store.Each(conn, query, nil, args...))
	}
	run("UPDATE location SET path = ?, device = ? WHERE id = 1", protocol.Path(root), statx(t, root).device)
	run("UPDATE entry SET name = ? WHERE id = 1", protocol.Path(root))
	must(t, filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		must(t, err)
		s := statx(t, path)
		run("UPDATE entry SET mtime = ?, btime = ? WHERE name = ?", s.modified, s.born, []byte(filepath.Base(path)))
		return nil
	}))
	run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO entry (parent, location, name, kind, flags, size, mtime, btime)
		SELECT 17, 2, CAST('extra ' || i AS BLOB), 4, 0, i, 1, 1 FROM n LIMIT ?`, extra, extra)
	return root, data
}

func unpackFixture(t *testing.T, path string) {
	t.Helper()
	packed, err := os.ReadFile("testdata/library-v2.db.gz")
	must(t, err)
	in, err := gzip.NewReader(bytes.NewReader(packed))
	must(t, err)
	db, err := io.ReadAll(in)
	must(t, err)
	must(t, os.WriteFile(path, db, 0o600))
}

type times struct{ modified, born, device int64 }

func statx(t *testing.T, path string) times {
	t.Helper()
	var st unix.Statx_t
	must(t, unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st))
	return times{
		st.Mtime.Sec*1e9 + int64(st.Mtime.Nsec), st.Btime.Sec*1e9 + int64(st.Btime.Nsec), int64(unix.Mkdev(st.Dev_major, st.Dev_minor)),
	}
}

// oldID is the id that the version before gave the entry with a number.
func oldID(number int) protocol.ID {
	return uuid.MustParse(fmt.Sprintf("01a22c69-34f8-7b9a-8000-%012x", number))
}

var oldNumbers = map[string]int{
	".hidden": 2, "bad\xff.txt": 3, "docs": 4, "empty": 5, "link": 6, "two": 7, "Łódź.txt": 8, ".hidden/in": 9, "docs/a.txt": 10,
	"docs/deep": 11, "two/z.go": 12, ".hidden/in/d.md": 13, "docs/deep/b.txt": 14, "docs/deep/er": 15, "docs/deep/er/c.jpg": 16,
}

func TestAnOldLibraryKeepsItsIDs(t *testing.T) {
	root, data := fixture(t, 0)
	i := startIn(t, data)
	c := i.in(fixtureID)
	check := func(when string) {
		t.Helper()
		ids := idsBelow(c, root)
		for path, number := range oldNumbers {
			if ids[path] != oldID(number) {
				t.Errorf("%s %q has the id %v, want %v", when, path, ids[path], oldID(number))
			}
		}
		info := call(c, api.LibrariesInfo, api.Empty{})
		if info.Statistics.DuplicateBytes != 4 || info.Statistics.Files != 8+20 || info.Statistics.Folders != 7 {
			t.Errorf("%s: %+v", when, info.Statistics)
		}
		checkCounters(t, string(info.Path))
	}
	check("at first")
	locations := call(c, api.LocationsList, api.LocationListInput{}).Locations
	if len(locations) != 2 || len(call(c, api.JobsList, api.JobListInput{}).Jobs) != 2 {
		t.Fatalf("locations %+v", locations)
	}
	loc := locations[0]
	if string(loc.Path) != root {
		loc = locations[1]
	}
	for range 2 {
		if out := rescan(c, loc.ID, false); out.Created+out.Modified+out.Moved+out.Deleted+out.Hashed != 0 {
			t.Errorf("a rescan of what did not change: %+v", out)
		}
		check("after a rescan")
	}
	// From now on moves are recognized.
	must(t, os.Rename(filepath.Join(root, "docs"), filepath.Join(root, "papers")))
	rescan(c, loc.ID, false)
	if got := idsBelow(c, root)["papers/deep/b.txt"]; got != oldID(14) {
		t.Errorf("moved, it has the id %v", got)
	}
}

// TestAnOldLibraryWhoseFoldersWereMoved: what has no identity yet is found by
// its path only, and nothing gets the id of something else.
func TestAnOldLibraryWhoseFoldersWereMoved(t *testing.T) {
	root, data := fixture(t, 0)
	must(t, os.Rename(filepath.Join(root, "docs/deep"), filepath.Join(root, "two/deep")))
	must(t, os.Rename(filepath.Join(root, "two"), filepath.Join(root, "three")))
	i := startIn(t, data)
	c := i.in(fixtureID)
	loc := call(c, api.LocationsList, api.LocationListInput{}).Locations
	for _, l := range loc {
		if string(l.Path) == root {
			rescan(c, l.ID, false)
			call(c, api.LocationsList, api.LocationListInput{})
		} else {
			call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: l.ID})
		}
	}
	old := make(map[protocol.ID]string)
	for path, number := range oldNumbers {
		old[oldID(number)] = path
	}
	ids := idsBelow(c, root)
	if len(ids) != len(oldNumbers) {
		t.Errorf("%d entries: %v", len(ids), ids)
	}
	for path, id := range ids {
		if was, known := old[id]; known && was != path {
			t.Errorf("%q has the id of %q", path, was)
		}
	}
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	checkCounters(t, folder)
	compareWithFresh(t, root, folder)
}

func schemaVersion(t *testing.T, data string) (version int64) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(data, "libraries", fixtureID.String(), "library.db"), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	version, err = store.Int(conn, "PRAGMA user_version")
	must(t, err)
	return version
}

// TestAMigrationThatIsKilled is done again, or was done.
func TestAMigrationThatIsKilled(t *testing.T) {
	_, data := fixture(t, 30_000)
	wasOld := 0
	for n := range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "CORE_TEST_CHILD=index", "CORE_TEST_DATA="+data)
		must(t, cmd.Start())
		time.AfterFunc(time.Duration(n*n)*8*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		_ = cmd.Wait()
		if schemaVersion(t, data) == 2 {
			wasOld++
		}
	}
	if wasOld == 0 {
		t.Error("no migration was killed")
	}
	i := startIn(t, data)
	info := call(i.in(fixtureID), api.LibrariesInfo, api.Empty{})
	if info.Statistics.Files != 8+20+30_000 {
		t.Errorf("%+v", info.Statistics)
	}
	checkCounters(t, string(info.Path))
}

// TestAMigrationOnAFullDisk leaves the old library as it was.
func TestAMigrationOnAFullDisk(t *testing.T) {
	_, data := fixture(t, 3000)
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=700k"); err != nil {
		t.Skip("cannot mount a small disk, which takes root:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	out, err := exec.Command("cp", "-a", data, small).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data = filepath.Join(small, "data")
	rewriteCatalogue(t, data)
	i := startIn(t, data)
	_, err = try(i.in(fixtureID), api.LibrariesInfo, api.Empty{})
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("error %v", err)
	}
	i.close()
	if v := schemaVersion(t, data); v != 2 {
		t.Errorf("version %d", v)
	}
	must(t, syscall.Mount("tmpfs", small, "tmpfs", syscall.MS_REMOUNT, "size=20m"))
	i = startIn(t, data)
	if info := call(i.in(fixtureID), api.LibrariesInfo, api.Empty{}); info.Statistics.Files != 8+20+3000 || info.SchemaVersion < 3 {
		t.Errorf("%+v", info)
	}
}

func rewriteCatalogue(t *testing.T, data string) {
	t.Helper()
	folder := filepath.Join(data, "libraries", fixtureID.String())
	must(t, os.WriteFile(filepath.Join(data, "libraries.json"),
		fmt.Appendf(nil, `{"libraries": [{"id": %q, "name": "Fixture", "path": %q}]}`, fixtureID, folder), 0o600))
}
