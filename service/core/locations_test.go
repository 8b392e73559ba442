package core_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func TestLocationAddRefuses(t *testing.T) {
	root := tree(t, t.TempDir(), "docs/in/side/", "docs-too/", "file.txt")
	must(t, os.Symlink("b", filepath.Join(root, "a")))
	must(t, os.Symlink("a", filepath.Join(root, "b")))
	must(t, os.Symlink("docs/in", filepath.Join(root, "link")))
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, filepath.Join(root, "docs"), api.Shallow)
	for _, tt := range []struct {
		name, path string
		code       protocol.Code
		says       string
	}{
		{"what is not there", root + "/nowhere", protocol.NotFound, "nowhere"},
		{"a file", root + "/file.txt", protocol.Validation, "not a folder"},
		{"a loop of symlinks", root + "/a", protocol.Validation, "loop"},
		{"a relative path", "docs", protocol.Validation, "absolute"},
		{"the same folder", root + "/docs", protocol.Conflict, loc.Name},
		{"the same folder, written otherwise", root + "//./docs/", protocol.Conflict, loc.Name},
		{"a folder inside", root + "/docs/in/side", protocol.Conflict, "inside"},
		{"a folder inside, through a symlink", root + "/link", protocol.Conflict, "inside"},
		{"a folder around", root, protocol.Conflict, "around"},
		{"the root of all", "/", protocol.Conflict, "around"},
		{"a pseudo file system", "/proc", protocol.Validation, "pseudo file system (proc)"},
		{"the data folder", i.data, protocol.Validation, "own data folder"},
		{"a folder in the data folder", i.data + "/libraries", protocol.Validation, "own data folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := try(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(tt.path)})
			wire := wantCode(t, err, tt.code)
			if !strings.Contains(wire.Message, tt.says) {
				t.Errorf("message %q", wire.Message)
			}
			if tt.code == protocol.Conflict && (wire.Details["location_id"] != loc.ID || wire.Details["path"] != loc.Path) {
				t.Errorf("details %v", wire.Details)
			}
		})
	}
	// A name that begins like the location's is another folder.
	add(c, filepath.Join(root, "docs-too"), api.Shallow)
	// Another library may have the same folder.
	add(i.newLibrary("Other"), filepath.Join(root, "docs"), api.Shallow)
}

func TestLocationNames(t *testing.T) {
	root := tree(t, t.TempDir(), "plain/", "bad\xff/")
	i := start(t)
	c := i.newLibrary("Home")
	for path, want := range map[string]string{"plain": "Named", "bad\xff": "bad\uFFFD"} {
		in := api.LocationAddInput{Path: api.Path(filepath.Join(root, path))}
		if path == "plain" {
			in.Name = " Named "
		}
		if got := call(c, api.LocationsAdd, in).Location; got.Name != want || string(got.Path) != filepath.Join(root, path) {
			t.Errorf("%+v", got)
		}
	}
	_, err := try(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(t.TempDir()), Name: "a\x07b"})
	wantCode(t, err, protocol.Validation)
}

func TestLocationList(t *testing.T) {
	root := tree(t, t.TempDir(), "b/1.txt", "b/d/2.txt", "a/", "c/3.txt")
	i := start(t)
	c := i.newLibrary("Home")
	for _, name := range []string{"b", "c", "a"} {
		add(c, filepath.Join(root, name), api.Shallow)
	}
	first := call(c, api.LocationsList, api.LocationListInput{Page: api.Page{Limit: 2}})
	if len(first.Locations) != 2 || first.Locations[0].Name != "a" || first.NextCursor == "" {
		t.Fatalf("%+v", first)
	}
	if b := first.Locations[1]; b.Files != 2 || b.Folders != 1 || b.Bytes != 7+9 || b.State != api.Online || b.LastScan.IsZero() || b.AddedAt.IsZero() || b.Mode != api.Shallow {
		t.Errorf("%+v", b)
	}
	second := call(c, api.LocationsList, api.LocationListInput{Page: api.Page{Limit: 2, Cursor: first.NextCursor}})
	if len(second.Locations) != 1 || second.Locations[0].Name != "c" || second.NextCursor != "" {
		t.Errorf("%+v", second)
	}
	_, err := try(c, api.LocationsList, api.LocationListInput{Page: api.Page{Cursor: "?"}})
	wantCode(t, err, protocol.Validation)
}

func TestLocationRemove(t *testing.T) {
	root := tree(t, t.TempDir(), append(numbered("a/%d.txt", 500), "b/keep.txt")...)
	i := start(t)
	c := i.newLibrary("Home")
	a, _ := add(c, filepath.Join(root, "a"), api.Content)
	add(c, filepath.Join(root, "b"), api.Content)
	if out := call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: a.ID}); out.RemovedEntries != 500 {
		t.Errorf("%+v", out)
	}
	if got := find(c, api.SearchInput{}); len(got) != 1 || filepath.Base(got[0]) != "keep.txt" {
		t.Errorf("found %q", got)
	}
	info := call(c, api.LibrariesInfo, api.Empty{})
	if info.Statistics.Files != 1 || info.Statistics.Locations != 1 {
		t.Errorf("%+v", info.Statistics)
	}
	checkCounters(t, string(info.Path))
	for _, op := range []func() error{
		func() error {
			_, err := try(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: a.ID})
			return err
		},
		func() error {
			_, err := try(c, api.LocationsRescan, api.LocationRescanInput{LocationID: a.ID})
			return err
		},
	} {
		wantCode(t, op(), protocol.NotFound)
	}
	if got := i.events.of(api.LocationRemoved.Type); len(got) != 1 || got[0].LocationID != a.ID {
		t.Errorf("events %+v", got)
	}
	if _, err := os.Stat(filepath.Join(root, "a/0.txt")); err != nil {
		t.Errorf("a file was touched: %v", err)
	}
	if _, out := add(c, filepath.Join(root, "a"), api.Shallow); out.Created != 500 {
		t.Errorf("added again: %+v", out)
	}
}

// slow makes a tree that takes a while to index.
func slow(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for d := range 3000 {
		must(t, os.MkdirAll(filepath.Join(root, fmt.Sprintf("d%d/e%d/f", d%50, d)), 0o755))
	}
	return root
}

func TestRemoveEndsTheJob(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(slow(t))})
	call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: added.Location.ID})
	info := call(c, api.JobsInfo, api.JobInfoInput{JobID: added.JobID})
	if !info.Status.Finished() {
		t.Errorf("the job is %s", info.Status)
	}
	if got := find(c, api.SearchInput{}); len(got) != 0 {
		t.Errorf("found %d", len(got))
	}
}

func TestRemoveByACallThatIsOver(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, tree(t, t.TempDir(), "a.txt"), api.Shallow)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tryContext(ctx, c, api.LocationsRemove, api.LocationRemoveInput{LocationID: loc.ID}); err == nil {
		t.Error("it succeeded")
	}
	if n := len(call(c, api.LocationsList, api.LocationListInput{}).Locations); n != 1 {
		t.Errorf("%d locations", n)
	}
}

// TestRemovalGoesOnAfterACrash leaves the database as a crash right after the
// removal's first transaction does.
func TestRemovalGoesOnAfterACrash(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	add(c, tree(t, t.TempDir(), numbered("%d.txt", 300)...), api.Content)
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	i.close()
	conn, err := sqlite.OpenConn(filepath.Join(folder, "library.db"), sqlite.OpenReadWrite)
	must(t, err)
	must(t, store.Each(conn, "UPDATE entry SET parent = -1, name = x'31' WHERE parent = 0", nil))
	must(t, store.Each(conn, "DELETE FROM location", nil))
	must(t, conn.Close())
	must(t, i.core.Open(t.Context()))
	if got := find(c, api.SearchInput{}); len(got) != 0 {
		t.Errorf("found %d", len(got))
	}
	if n := len(call(c, api.LocationsList, api.LocationListInput{}).Locations); n != 0 {
		t.Errorf("%d locations", n)
	}
	until(t, "the removal of the entries", func() bool { return entryRows(t, folder) == "" })
	checkCounters(t, folder)
}

func TestRescanWhereAPausedJobIsConflicts(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(slow(t))})
	call(c, api.JobsPause, api.JobInput{JobID: added.JobID})
	_, err := try(c, api.LocationsRescan, api.LocationRescanInput{LocationID: added.Location.ID})
	if wire := wantCode(t, err, protocol.Conflict); !strings.Contains(wire.Hint, "spacedrive job resume "+added.JobID.String()) {
		t.Errorf("hint %q", wire.Hint)
	}
	call(c, api.JobsResume, api.JobInput{JobID: added.JobID})
	output(c, added.JobID)
}

// A job that runs has passed what changes behind it. A rescan that is asked for
// then is another job, which those join who ask before it starts.
func TestRescanSeesAllThatIsThere(t *testing.T) {
	root := tree(t, t.TempDir(), numbered("dir%03d/x.txt", 300)...)
	i := start(t)
	c := i.newLibrary("Home")
	type answer struct {
		first, second, full protocol.ID
		err                 error
	}
	var a answer
	var once sync.Once
	answered := make(chan struct{})
	late := atomic.Bool{}
	ask := func(location protocol.ID) {
		defer close(answered)
		for _, ask := range []struct {
			id   *protocol.ID
			full bool
		}{{&a.first, false}, {&a.second, false}, {&a.full, true}} {
			var out api.JobStarted
			out, a.err = try(c, api.LocationsRescan, api.LocationRescanInput{LocationID: location, FullRescan: ask.full})
			if *ask.id = out.JobID; a.err != nil {
				return
			}
		}
	}
	i.events.on(func(ev protocol.Event) {
		switch ev.Type {
		case api.EntriesChanged.Type: // the root has been read
			once.Do(func() {
				a.err = os.WriteFile(filepath.Join(root, "late.txt"), nil, 0o644)
				late.Store(true)
				go ask(ev.LocationID)
			})
		case api.LocationUpdated.Type: // from the job, which waits here before it ends
			if late.Load() {
				<-answered
			}
		}
	})
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root), Mode: api.Content})
	<-answered
	must(t, a.err)
	if a.first == added.JobID || a.second != a.first || a.full != a.first {
		t.Errorf("the scan is %s, the rescans are %s, %s and %s", added.JobID, a.first, a.second, a.full)
	}
	output(c, added.JobID)
	out := output(c, a.first)
	if got := find(c, api.SearchInput{Query: "late"}); len(got) != 1 {
		t.Errorf("found %v", got)
	}
	if out.Created != 1 || out.Hashed < 300 {
		t.Errorf("the rescan was not a full one: %+v", out)
	}
}

func TestConcurrentAdds(t *testing.T) {
	root := tree(t, t.TempDir(), "a/b/c/d/x.txt", "e/y.txt")
	i := start(t)
	c := i.newLibrary("Home")
	var callers sync.WaitGroup
	for n := range 12 {
		callers.Go(func() {
			path := []string{"a", "a/b", "a/b/c", "e"}[n%4]
			added, err := try(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(filepath.Join(root, path))})
			if err != nil {
				if !protocol.HasCode(err, protocol.Conflict) {
					t.Error(err)
				}
				return
			}
			output(c, added.JobID)
			rescan(c, added.Location.ID, false)
		})
	}
	callers.Wait()
	if all := call(c, api.LocationsList, api.LocationListInput{}).Locations; len(all) != 2 {
		t.Errorf("locations %+v", all)
	}
}

func TestLocationEvents(t *testing.T) {
	root := tree(t, t.TempDir(), "a.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	var got []string
	for _, ev := range i.events.of(api.LocationAdded.Type, api.LocationUpdated.Type) {
		data := ev.Data.Interface().(api.LocationEvent)
		got = append(got, fmt.Sprint(ev.Type, " ", data.State))
		if ev.LocationID != loc.ID || ev.TraceID != "test" || data.Path != loc.Path || data.Name != loc.Name {
			t.Errorf("event %+v", ev)
		}
	}
	if want := "LocationAdded online, LocationUpdated scanning, LocationUpdated online"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}
