package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// TestManyFoldersReplaced: the folders in a big folder are removed and made
// again. What is in the new ones is in the index after one scan.
func TestManyFoldersReplaced(t *testing.T) {
	root := t.TempDir()
	const folders = 4200 // more than are held in memory
	fill := func() {
		for n := range folders {
			must(t, os.Mkdir(filepath.Join(root, fmt.Sprintf("d%04d", n)), 0o755))
		}
		must(t, os.WriteFile(filepath.Join(root, "d0000/x"), nil, 0o644))
	}
	fill()
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	for n := range folders {
		must(t, os.RemoveAll(filepath.Join(root, fmt.Sprintf("d%04d", n))))
	}
	fill()
	rescan(c, loc.ID, false)
	compareWithFreshAs(t, root, string(call(c, api.LibrariesInfo, api.Empty{}).Path), api.Shallow)
}

// TestFirstScanOfABigRootIsResumed: the scan is paused between two pages of the
// location's own folder. What is moved there meanwhile from another location
// keeps its id.
func TestFirstScanOfABigRootIsResumed(t *testing.T) {
	top := t.TempDir()
	root, other := filepath.Join(top, "one"), filepath.Join(top, "two")
	must(t, os.Mkdir(root, 0o755))
	for n := range 9000 { // the first commit has 4000 rows
		must(t, os.Mkdir(filepath.Join(root, fmt.Sprint(n)), 0o755))
	}
	tree(t, other, "d/x")
	i := start(t)
	c := i.newLibrary("Home")
	paused := make(chan error, 1)
	var once sync.Once
	// The first commit waits until somebody pauses the job.
	i.events.on(func(ev protocol.Event) {
		if ev.Type != api.EntriesChanged.Type {
			return
		}
		once.Do(func() {
			asks := make(chan struct{})
			go func() {
				close(asks)
				_, err := try(c, api.JobsPause, api.JobInput{JobID: ev.JobID})
				paused <- err
			}()
			<-asks
		})
	})
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root), Mode: api.Shallow})
	must(t, <-paused)
	if info := wait(c, added.JobID); info.Status != api.JobPaused {
		t.Fatalf("the job is %s", info.Status)
	}
	two, _ := add(c, other, api.Shallow)
	before := idsBelow(c, top)["two/d/x"]
	must(t, os.Rename(filepath.Join(other, "d"), filepath.Join(root, "9/d")))
	call(c, api.JobsResume, api.JobInput{JobID: added.JobID})
	out := output(c, added.JobID)
	e := call(c, api.EntriesInfo, api.EntriesInfoInput{Paths: []api.Path{api.Path(filepath.Join(root, "9/d/x"))}})
	if len(e.Entries) != 1 || e.Entries[0] == nil || e.Entries[0].ID != before || out.Moved != 1 {
		t.Errorf("id %v before; moved %d; after: %+v", before, out.Moved, e.Entries)
	}
	call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: two.ID})
	compareWithFreshAs(t, root, string(call(c, api.LibrariesInfo, api.Empty{}).Path), api.Shallow)
}

// TestAScanHoldsFewFolders: what was found in a folder is let go once it is in
// the index, even where there are many beside it.
func TestAScanHoldsFewFolders(t *testing.T) {
	const folders, files = 500, 50
	root := t.TempDir()
	long := strings.Repeat("n", 240)
	for n := range folders {
		tree(t, root, numbered(fmt.Sprintf("d%03d/%s%%d", n, long), files)...)
	}
	i := start(t)
	c := i.newLibrary("Home")
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most, measured := heap(), int64(0), 0
	// Each commit, on the goroutine that writes, while the walk gathers the next.
	i.events.on(func(ev protocol.Event) {
		if ev.Type == api.EntriesChanged.Type {
			most = max(most, heap()-before)
			measured++
		}
	})
	_, out := add(c, root, api.Shallow)
	i.events.on(nil)
	names := out.Files * int64(len(long))
	t.Logf("%d commits; %d KiB held at most, of names alone there are %d KiB", measured, most>>10, names>>10)
	if measured < 3 || most > names*3/2 {
		t.Errorf("%d commits; %d KiB held, of names alone there are %d KiB", measured, most>>10, names>>10)
	}
}

// TestABigFolder changes a folder of many pages, and removes it.
func TestABigFolder(t *testing.T) {
	const files = 5000 // more than are held in memory
	root := tree(t, t.TempDir(), numbered("f%05d.txt", files)...)
	path := func(format string, n int) string { return filepath.Join(root, fmt.Sprintf(format, n)) }
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Content)
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	if out := rescan(c, loc.ID, false); out.Created+out.Modified+out.Moved+out.Deleted+out.Hashed != 0 {
		t.Errorf("nothing changed: %+v", out)
	}
	want := api.IndexOutput{}
	for n := range files {
		switch {
		case n%3 == 0:
			must(t, os.Remove(path("f%05d.txt", n)))
			want.Deleted++
		case n%4 == 1: // to the front
			must(t, os.Rename(path("f%05d.txt", n), path("a%05d.txt", n)))
			want.Moved++
		case n%4 == 2: // to the back
			must(t, os.Rename(path("f%05d.txt", n), path("z%05d.txt", n)))
			want.Moved++
		}
	}
	out := rescan(c, loc.ID, false)
	if out.Created+out.Modified+out.Hashed != 0 || out.Deleted != want.Deleted || out.Moved != want.Moved {
		t.Errorf("%+v, want %d deleted and %d moved", out, want.Deleted, want.Moved)
	}
	compareWithFresh(t, root, folder)

	// What is still to be removed when the daemon stops is removed by the next.
	call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: loc.ID})
	i.close()
	startIn(t, i.data)
	until(t, "the removal of all rows", func() bool { return rows(t, folder) == 0 })
	checkCounters(t, folder)
}

// rows counts the entries in a library's database, deleted ones among them.
func rows(t testing.TB, folder string) int64 {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	n, err := store.Int(conn, "SELECT count(*) FROM entry")
	must(t, err)
	return n
}
