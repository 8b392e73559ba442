package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// scanned scans paths once and returns the job with its output.
func scanned(c client, in api.IndexingStartInput) (out api.ScanOutput, info api.JobInfo) {
	c.t.Helper()
	info = wait(c, call(c, api.IndexingStart, in).JobID)
	if info.Status != api.JobCompleted {
		c.t.Fatalf("the job is %s: %v", info.Status, info.Error)
	}
	if err := info.Output.Decode(&out); err != nil {
		c.t.Fatal(err)
	}
	return out, info
}

// write writes a file with the given content.
func write(t testing.TB, path, content string) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
	return path
}

func TestAScanCountsAndFindsDuplicates(t *testing.T) {
	i := start(t)
	root := t.TempDir()
	big, small := strings.Repeat("x", 5000), strings.Repeat("y", 100)
	write(t, root+"/a/photo.jpg", big)
	write(t, root+"/b/deep/copy.bin", big)
	write(t, root+"/b/other.bin", strings.Repeat("z", 5000)) // same size, other content
	write(t, root+"/a/note.txt", small)
	write(t, root+"/b/note.txt", small)
	write(t, root+"/b/only.txt", "not twice")
	write(t, root+"/a/empty", "")
	write(t, root+"/b/empty", "")
	must(t, os.Link(root+"/a/photo.jpg", root+"/b/link.jpg"))
	must(t, os.Symlink(root+"/a", root+"/b/symlink"))
	write(t, root+"/.hidden/secret", small)
	write(t, root+"/b/.dot", small)

	out, info := scanned(i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Mode: api.Content})
	if info.LibraryID != (protocol.ID{}) || info.Kind != "scan" || info.Warnings != 0 {
		t.Errorf("the job is %+v", info.Job)
	}
	if out.Files != 10 || out.Folders != 3 || out.Bytes != 4*5000+2*100+9 || out.Hidden != 2 {
		t.Errorf("counted %d files in %d folders, %d bytes, %d hidden", out.Files, out.Folders, out.Bytes, out.Hidden)
	}
	if out.Kinds["symlink"].Files != 1 || out.Kinds["text"].Files < 5 { // what is in photo.jpg is text
		t.Errorf("kinds %v", out.Kinds)
	}
	want := []string{"/a/photo.jpg", "/b/deep/copy.bin"}
	d := out.Duplicates
	if d.By != api.ByContent || d.Count != 2 || d.Files != 4 || d.WastedBytes != 5100 || len(d.Groups) != 2 {
		t.Fatalf("duplicates %+v", d)
	}
	if got := namesBelow(root, d.Groups[0].Paths); d.Groups[0].WastedBytes != 5000 || d.Groups[0].Files != 2 ||
		got[1] != want[1] || got[0] != want[0] && got[0] != "/b/link.jpg" {
		t.Errorf("first group %+v", d.Groups[0])
	}
	if got := namesBelow(root, d.Groups[1].Paths); !slices.Equal(got, []string{"/a/note.txt", "/b/note.txt"}) {
		t.Errorf("second group %v", got)
	}
	if b := out.Biggest; len(b) != 6 || b[0].Size != 5000 || b[3].Size != 100 || b[5].Size != 9 {
		t.Errorf("biggest %+v", b)
	}

	// By names, without reading anything.
	out, _ = scanned(i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, IncludeHidden: true})
	d = out.Duplicates
	if out.Files != 12 || out.Folders != 4 || out.Hidden != 0 || out.Kinds["image"].Files != 2 {
		t.Errorf("counted %+v", out)
	}
	if d.By != api.ByName || d.Count != 1 || d.WastedBytes != 100 || !slices.Equal(namesBelow(root, d.Groups[0].Paths), []string{"/a/note.txt", "/b/note.txt"}) {
		t.Errorf("duplicates %+v", d)
	}

	// Nothing of it is in the instance's list of libraries, and the job is listed without one.
	if jobs := call(i.client, api.JobsList, api.JobListInput{Kind: "scan"}).Jobs; len(jobs) != 2 {
		t.Errorf("%d scans are listed", len(jobs))
	}
}

// onFirstRun calls fn when the next job starts, which waits until fn returns.
func onFirstRun(i *instance, fn func()) {
	var once sync.Once
	i.events.on(func(ev protocol.Event) {
		if u, ok := ev.Data.Interface().(api.JobEvent); ok && u.Status == api.JobRunning {
			once.Do(fn)
		}
	})
}

func namesBelow(root string, paths []api.Path) (all []string) {
	for _, p := range paths {
		all = append(all, strings.TrimPrefix(string(p), root))
	}
	slices.Sort(all)
	return all
}

// TestScannedPaths scans paths that overlap, repeat, are files, or lead through
// symlinks.
func TestScannedPaths(t *testing.T) {
	i := start(t)
	root := t.TempDir()
	tree(t, root, "a/one", "a/b/two", "a/.h/three", "a/.h/.h/four", "c/five", "six")
	must(t, os.Symlink(root+"/a", root+"/link"))
	must(t, os.Symlink(root+"/c", root+"/a/leads-out"))
	for _, tt := range []struct {
		paths          []string
		files, folders int64
	}{
		{[]string{"a"}, 3, 1},
		{[]string{"a", "a/"}, 3, 1},
		{[]string{"a/b", "a", "a/b/two"}, 3, 1},
		{[]string{"link", "a"}, 3, 1},
		{[]string{"link/b", "a/one"}, 2, 0},
		{[]string{"a", "a/.h"}, 4, 1},       // what is given is not left out
		{[]string{"a", "a/.h/.h"}, 4, 1},    // nor here
		{[]string{"a/.h/.h/four"}, 1, 0},    // a file
		{[]string{"six", "six", "c"}, 2, 0}, // and beside a folder
		{[]string{"a/leads-out", "c"}, 1, 0},
		{[]string{"."}, 6, 3}, // with both symlinks
	} {
		var paths []api.Path
		for _, p := range tt.paths {
			paths = append(paths, api.Path(root+"/"+p))
		}
		out, info := scanned(i.client, api.IndexingStartInput{Paths: paths})
		if out.Files != tt.files || out.Folders != tt.folders || info.Warnings != 0 {
			t.Errorf("%v: %d files in %d folders, want %d in %d; %v", tt.paths, out.Files, out.Folders, tt.files, tt.folders, info.WarningList)
		}
	}
}

func TestScansThatAreRefused(t *testing.T) {
	i := start(t)
	root := t.TempDir()
	tree(t, root, "file")
	must(t, os.Symlink("loop", root+"/loop"))
	lib := i.newLibrary("Home")
	for name, tt := range map[string]struct {
		c     client
		in    api.IndexingStartInput
		code  protocol.Code
		field string
	}{
		"no path":         {i.client, api.IndexingStartInput{}, protocol.Validation, "paths"},
		"relative":        {i.client, api.IndexingStartInput{Paths: []api.Path{"x"}}, protocol.Validation, "paths"},
		"not there":       {i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root), api.Path(root + "/nothing")}}, protocol.NotFound, "paths"},
		"below a file":    {i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root + "/file/x")}}, protocol.NotFound, "paths"},
		"loop":            {i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root + "/loop")}}, protocol.Validation, "paths"},
		"data folder":     {i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(i.data)}}, protocol.Validation, "paths"},
		"mode":            {i.client, api.IndexingStartInput{Paths: []api.Path{"/"}, Mode: "loud"}, protocol.Validation, "mode"},
		"persistence":     {i.client, api.IndexingStartInput{Paths: []api.Path{"/"}, Persistence: "for ever"}, protocol.Validation, "persistence"},
		"library":         {lib, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}}, protocol.Validation, "library_id"},
		"in no location":  {lib, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Persistence: api.Persistent}, protocol.NotFound, "paths"},
		"gone, unindexed": {lib, api.IndexingStartInput{Paths: []api.Path{api.Path(root + "/nothing")}, Persistence: api.Persistent}, protocol.NotFound, "paths"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := try(tt.c, api.IndexingStart, tt.in)
			wire := wantCode(t, err, tt.code)
			if wire.Details["field"] != tt.field {
				t.Errorf("%+v is about %v, want %s", wire, wire.Details["field"], tt.field)
			}
			if path := fmt.Sprint(wire.Details["path"]); name == "not there" && path != root+"/nothing" {
				t.Errorf("path %v", path)
			}
			if name == "in no location" && !strings.Contains(wire.Hint, "spacedrive location add "+root) {
				t.Errorf("hint %q", wire.Hint)
			}
		})
	}
	if jobs := call(i.client, api.JobsList, api.JobListInput{}).Jobs; len(jobs) != 0 {
		t.Errorf("%d jobs were made", len(jobs))
	}
}

// TestAScanLeavesOutWhatALocationDoes scans a folder with the data folder and a
// library in it.
func TestAScanLeavesOutWhatALocationDoes(t *testing.T) {
	root := t.TempDir()
	i := startIn(t, filepath.Join(root, "data"))
	call(i.client, api.LibrariesCreate, api.LibraryCreateInput{Name: "Beside", Path: api.Path(root + "/beside")})
	tree(t, root, "beside/mine")
	must(t, syscall.Mkfifo(root+"/fifo", 0o600))
	out, info := scanned(i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Mode: api.Content, IncludeHidden: true})
	if out.Files != 2 || out.Folders != 2 || out.Skipped != 1 || info.Warnings != 0 {
		t.Errorf("%d files in %d folders, %d skipped, %v", out.Files, out.Folders, out.Skipped, info.WarningList)
	}
}

// TestAScanThatIsInterrupted pauses a scan, closes the instance and cancels it.
// It starts over, and what it counts is right.
func TestAScanThatIsInterrupted(t *testing.T) {
	root := t.TempDir()
	for d := range 100 {
		tree(t, root, numbered(fmt.Sprintf("folder-%d/file-%%d", d), 40)...)
	}
	i := start(t)
	running := make(chan struct{})
	onFirstRun(i, func() { close(running) })
	job := call(i.client, api.IndexingStart, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Mode: api.Content}).JobID
	<-running
	if j, err := try(i.client, api.JobsPause, api.JobInput{JobID: job}); err != nil || j.Status != api.JobPaused {
		t.Fatalf("the job is %s: %v", j.Status, err)
	}
	i.close()
	i = startIn(t, i.data)
	if j := call(i.client, api.JobsInfo, api.JobInfoInput{JobID: job}); j.Status != api.JobPaused {
		t.Fatalf("after the restart the job is %s", j.Status)
	}
	call(i.client, api.JobsResume, api.JobInput{JobID: job})
	i.close()
	i = startIn(t, i.data)
	info := wait(i.client, job)
	var out api.ScanOutput
	must(t, info.Output.Decode(&out))
	if info.Status != api.JobCompleted || out.Files != 4000 || out.Folders != 100 || info.Progress.Done != info.Progress.Total {
		t.Errorf("the job is %s with %d files in %d folders, %+v", info.Status, out.Files, out.Folders, info.Progress)
	}
	files, err := os.ReadDir(i.data)
	must(t, err)
	for _, f := range files {
		if !slices.Contains([]string{"instance.db", "instance.db-wal", "instance.db-shm", "libraries.json", "lock", "libraries"}, f.Name()) {
			t.Errorf("%s is left in the data folder", f.Name())
		}
	}
}

// TestABigFolderIsScannedInParts scans a folder with more names than a part has.
func TestABigFolderIsScannedInParts(t *testing.T) {
	root := t.TempDir()
	for n := range 5000 {
		must(t, os.WriteFile(fmt.Sprintf("%s/file-%d", root, n), []byte(fmt.Sprint(n/2)), 0o600))
	}
	i := start(t)
	out, _ := scanned(i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Mode: api.Content})
	d := out.Duplicates
	if out.Files != 5000 || d.Count != 2500 || d.Files != 5000 || len(d.Groups) != 100 || len(out.Biggest) != 20 {
		t.Errorf("%d files, duplicates %d of %d, %d shown", out.Files, d.Count, d.Files, len(d.Groups))
	}
}

func TestTheInstanceKeepsItsNewestJobs(t *testing.T) {
	i := start(t)
	root := tree(t, t.TempDir(), "file")
	var ids []protocol.ID
	for range 103 {
		_, info := scanned(i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}})
		ids = append(ids, info.ID)
	}
	jobs := call(i.client, api.JobsList, api.JobListInput{Page: api.Page{Limit: 1000}}).Jobs
	if len(jobs) != 100 || jobs[0].ID != ids[102] || jobs[99].ID != ids[3] {
		t.Errorf("%d jobs are kept", len(jobs))
	}
	_, err := try(i.client, api.JobsInfo, api.JobInfoInput{JobID: ids[0]})
	wantCode(t, err, protocol.NotFound)
}

// rescanParts rescans parts of a location and waits for the end.
func rescanParts(c client, mode api.IndexMode, paths ...string) api.IndexOutput {
	c.t.Helper()
	in := api.IndexingStartInput{Mode: mode, Persistence: api.Persistent}
	for _, p := range paths {
		in.Paths = append(in.Paths, api.Path(p))
	}
	return output(c, call(c, api.IndexingStart, in).JobID)
}

// TestRescanOfAPart changes folders of a location, and rescans them one after
// another.
func TestRescanOfAPart(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	root := t.TempDir()
	tree(t, root, "a/sub/old", "a/sub/gone", "a/sub/deep/x", "b/old", "b/gone", "top")
	add(c, root, api.Shallow)
	before := theLocation(c)
	change := func(folder string) {
		must(t, os.Remove(filepath.Join(root, folder, "gone")))
		write(t, filepath.Join(root, folder, "old"), "longer than before")
		tree(t, filepath.Join(root, folder), "new/y")
	}
	change("a/sub")
	change("b")
	write(t, root+"/a/beside", "not in the part")
	write(t, root+"/top", "has changed too")

	out := rescanParts(c, "", root+"/a/sub")
	if out.Created != 2 || out.Deleted != 1 || out.Files != 3 || out.Folders != 2 {
		t.Errorf("the part: %+v", out)
	}
	if has := known(c, root, "/a/beside", "/a/sub/new/y", "/a/sub/gone", "/b/new/y", "/b/gone"); !slices.Equal(has, []string{"/a/sub/new/y", "/b/gone"}) {
		t.Errorf("the index has %v", has)
	}
	if after := theLocation(c); after.Files != 6 || !after.LastScan.Equal(before.LastScan) {
		t.Errorf("the location is %+v", after)
	}

	// The rest in one job: folders, files, what is new and what has gone.
	must(t, os.RemoveAll(root+"/a/sub/deep"))
	out = rescanParts(c, "", root+"/b", root+"/top", root+"/a/sub/deep", root+"/a/beside", root+"/b/new")
	if out.Created != 3 || out.Deleted != 3 || out.Files != 4 {
		t.Errorf("the rest: %+v", out)
	}
	rescanParts(c, "", root+"/a/sub") // its own time, since deep has gone
	i.close()
	compareWithFreshAs(t, root, folder, api.Shallow)
}

// TestAPartIsReadDeeper rescans a folder, and a file in another, with their
// content in a location of mode shallow.
func TestAPartIsReadDeeper(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	root := tree(t, t.TempDir(), append(numbered("a/sub/%d", 50), "a/x", "b/y", "b/z")...)
	add(c, root, api.Shallow)
	if out := rescanParts(c, api.Content, root+"/a/sub", root+"/b/y"); out.Hashed != 51 || out.Created != 0 {
		t.Errorf("%+v", out)
	}
	if out := rescanParts(c, api.Content, root); out.Hashed != 2 || out.Files != 53 {
		t.Errorf("the whole location: %+v", out)
	}
}

// TestPartsInSeveralLocations asks for one job on two locations.
func TestPartsInSeveralLocations(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	root := tree(t, t.TempDir(), "a/x", "b/y")
	add(c, root+"/a", api.Shallow)
	add(c, root+"/b", api.Shallow)
	_, err := try(c, api.IndexingStart, api.IndexingStartInput{Paths: []api.Path{api.Path(root + "/a"), api.Path(root + "/b")}, Persistence: api.Persistent})
	wantCode(t, err, protocol.Validation)
	// The only library needs no name.
	rescanParts(i.client, "", root+"/a/x")
}

// TestRescansJoinWhatCoversThem asks for rescans while a job waits.
func TestRescansJoinWhatCoversThem(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	root := tree(t, t.TempDir(), numbered("a/%d", 10)...)
	location, _ := add(c, root, api.Shallow)
	// A job that runs keeps the others waiting.
	hold, held := make(chan struct{}), make(chan struct{})
	onFirstRun(i, func() {
		close(held)
		<-hold
	})
	first := call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: location.ID}).JobID
	<-held
	part := func(mode api.IndexMode, path string) protocol.ID {
		return call(c, api.IndexingStart, api.IndexingStartInput{Paths: []api.Path{api.Path(root + path)}, Mode: mode, Persistence: api.Persistent}).JobID
	}
	a := part("", "/a")
	if got := part("", "/a/3"); got != a || a == first {
		t.Error("a part does not join the job that reads the folder around it")
	}
	whole := call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: location.ID}).JobID
	if whole == a {
		t.Error("the rescan of a location joins that of a part")
	}
	if got := part(api.Content, "/a/3"); got == a || got == whole {
		t.Error("content is to be read, and the part joins a job that reads none")
	}
	close(hold)
	for _, id := range []protocol.ID{first, a, whole} {
		output(c, id)
	}
}

// theLocation returns the library's only location.
func theLocation(c client) api.Location {
	c.t.Helper()
	return call(c, api.LocationsList, api.LocationListInput{}).Locations[0]
}

// known returns those of the paths below root that the index has.
func known(c client, root string, names ...string) (has []string) {
	c.t.Helper()
	var in api.EntriesInfoInput
	for _, name := range names {
		in.Paths = append(in.Paths, api.Path(root+name))
	}
	for n, e := range call(c, api.EntriesInfo, in).Entries {
		if e != nil {
			has = append(has, names[n])
		}
	}
	return has
}

// TestAKilledScanStartsOver kills the process that scans, again and again.
func TestAKilledScanStartsOver(t *testing.T) {
	root := t.TempDir()
	for d := range 100 {
		tree(t, root, numbered(fmt.Sprintf("folder-%d/file-%%d", d), 40)...)
	}
	i := start(t)
	id := call(i.client, api.IndexingStart, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Mode: api.Content}).JobID
	i.close()
	killUntilDone(t, i.data, "", nil)
	i = startIn(t, i.data)
	info := wait(i.client, id)
	var out api.ScanOutput
	must(t, info.Output.Decode(&out))
	if info.Status != api.JobCompleted || out.Files != 4000 || out.Folders != 100 || out.Duplicates.Count != 0 || info.Warnings != 0 {
		t.Errorf("the job is %s: %+v", info.Status, out)
	}
}

// TestAKilledRescanOfAPartContinues does the same with a part of a location.
func TestAKilledRescanOfAPartContinues(t *testing.T) {
	root := t.TempDir()
	tree(t, root, append(numbered("aside/%d", 20), numbered("zz/%d", 20)...)...)
	i := start(t)
	c := i.newLibrary("Killed")
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	add(c, root, api.Content)
	for d := range 80 {
		tree(t, root, numbered(fmt.Sprintf("part/mid%d/folder-%d/file-%%d", d%7, d), 40)...)
	}
	must(t, os.RemoveAll(root+"/zz")) // which is not looked at
	call(c, api.IndexingStart, api.IndexingStartInput{Paths: []api.Path{api.Path(root + "/part")}, Persistence: api.Persistent})
	i.close()
	killUntilDone(t, i.data, folder, nil)
	i = startIn(t, i.data)
	c = i.in(c.library)
	if has := known(c, root, "/part/mid1/folder-1/file-39", "/part/mid6/folder-76/file-0", "/zz/3"); len(has) != 3 {
		t.Errorf("the index has %v", has)
	}
	rescan(c, theLocation(c).ID, false)
	i.close()
	compareWithFresh(t, root, folder)
}
