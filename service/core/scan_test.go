package core_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestScanRecordsWhatIsThere(t *testing.T) {
	root := tree(t, t.TempDir(), "a.jpg", "docs/report.pdf", "docs/deep/er/x.go", ".hidden/inside.txt", ".profile", "empty/", "new\nline", "bad\xff\xfename.txt", "ünï.TXT")
	must(t, os.Symlink("docs", filepath.Join(root, "link")))
	must(t, os.Symlink("loop-b", filepath.Join(root, "loop-a")))
	must(t, os.Symlink("loop-a", filepath.Join(root, "loop-b")))
	must(t, os.Symlink("..", filepath.Join(root, "docs/up")))
	must(t, syscall.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	old := time.Date(1969, 7, 20, 20, 17, 0, 5, time.UTC)
	must(t, os.Chtimes(filepath.Join(root, "a.jpg"), old, old))

	i := start(t)
	for _, mode := range []api.IndexMode{api.Shallow, api.Content} {
		c := i.newLibrary(string(mode))
		loc, out := add(c, root, mode)
		if out.Files != 13 || out.Folders != 5 || out.Created != 18 || out.Modified+out.Deleted+out.Skipped != 0 {
			t.Errorf("%s: %+v", mode, out)
		}
		hits := map[string]api.Entry{}
		for _, hit := range call(c, api.SearchFiles, api.SearchInput{Filters: api.SearchFilters{IncludeHidden: true}}).Hits {
			hits[strings.TrimPrefix(string(hit.Path), root+"/")] = hit.Entry
		}
		for name, kind := range map[string]string{
			"docs": "folder", "docs/report.pdf": "document", "docs/deep/er/x.go": "code", "link": "symlink", "loop-a": "symlink",
			"docs/up": "symlink", "fifo": "special", "new\nline": "other", "bad\xff\xfename.txt": "text", "ünï.TXT": "text", "a.jpg": "image",
		} {
			if mode == api.Content {
				switch name { // their content is plain text
				case "a.jpg", "new\nline":
					kind = "text"
				}
			}
			e, ok := hits[name]
			if !ok || e.Kind != kind || string(e.Name) != filepath.Base(name) || e.LocationID != loc.ID {
				t.Errorf("%s: %q is %+v, want kind %s", mode, name, e, kind)
			}
		}
		if e := hits["a.jpg"]; !e.ModifiedAt.Equal(old) || e.Size != 5 {
			t.Errorf("a.jpg: %+v", e)
		}
		for name, e := range hits {
			if want := strings.HasPrefix(name, "."); e.Hidden != want {
				t.Errorf("%q: hidden is %v", name, e.Hidden)
			}
		}
		if out.Hashed != map[api.IndexMode]int64{api.Shallow: 0, api.Content: 8}[mode] {
			t.Errorf("%s: %d files were hashed", mode, out.Hashed)
		}
	}
}

func TestRescanOfAnUnchangedTreeWritesNothing(t *testing.T) {
	root := tree(t, t.TempDir(), append(numbered("d%d/a.txt", 40), numbered("d/%d.jpg", 40)...)...)
	must(t, os.Symlink("nowhere", filepath.Join(root, "link")))
	i := start(t)
	c := i.newLibrary("Home")
	loc, first := add(c, root, api.Content)
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	before := entryRows(t, folder)
	out := rescan(c, loc.ID, false)
	if out.Created+out.Modified+out.Deleted+out.Hashed != 0 || out.Files != first.Files || out.Folders != first.Folders || out.Bytes != first.Bytes {
		t.Errorf("output %+v", out)
	}
	if entryRows(t, folder) != before {
		t.Error("the entries changed")
	}
	if changed := i.events.of(api.EntriesChanged.Type); changed[len(changed)-1].JobID == call(c, api.JobsList, api.JobListInput{}).Jobs[0].ID {
		t.Error("a change was announced")
	}
	out = rescan(c, loc.ID, true)
	if out.Hashed != 80 || out.Created+out.Modified+out.Deleted != 0 || entryRows(t, folder) != before {
		t.Errorf("a full rescan: %+v", out)
	}
}

func TestRescanFindsWhatChanged(t *testing.T) {
	root := tree(t, t.TempDir(), "same/a.txt", "goes/deep/down/x.txt", "goes/y.txt", "file-to-folder", "folder-to-file/in/side.txt", "grows.txt", "content.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Content)

	must(t, os.RemoveAll(filepath.Join(root, "goes")))
	must(t, os.Remove(filepath.Join(root, "file-to-folder")))
	must(t, os.RemoveAll(filepath.Join(root, "folder-to-file")))
	tree(t, root, "file-to-folder/now/in.txt", "folder-to-file", "new/one.txt")
	must(t, os.WriteFile(filepath.Join(root, "grows.txt"), []byte("much more than before"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "content.txt"), []byte("CONTENT.TXT"), 0o644)) // as long as before
	out := rescan(c, loc.ID, false)
	// goes: 5 rows; file-to-folder: 1; folder-to-file: 3.
	// new: 2; file-to-folder: 3; folder-to-file: 1. The root is no entry.
	if out.Deleted != 9 || out.Created != 6 || out.Modified != 2 || out.Hashed != 5 {
		t.Errorf("output %+v", out)
	}
	compareWithFresh(t, root, string(call(c, api.LibrariesInfo, api.Empty{}).Path))

	var created, deleted int64
	var named []api.Path
	for _, ev := range i.events.of(api.EntriesChanged.Type) {
		if ev.LocationID != loc.ID || ev.LibraryID != c.library || ev.TraceID != "test" {
			t.Errorf("event %+v", ev)
		}
		data := ev.Data.Interface().(api.EntriesChangedEvent)
		created, deleted = created+data.Created, deleted+data.Deleted
		named = append(named, data.Paths...)
	}
	if created != 13+6 || deleted != 9 || !slices.Contains(named, api.Path(root+"/new/one.txt")) || !slices.Contains(named, api.Path(root+"/goes")) {
		t.Errorf("events tell of %d created, %d deleted: %q", created, deleted, named)
	}
}

func TestEventsNameAHundredPaths(t *testing.T) {
	root := tree(t, t.TempDir(), numbered("%d.txt", 150)...)
	i := start(t)
	add(i.newLibrary("Home"), root, api.Shallow)
	all := i.events.of(api.EntriesChanged.Type)
	if len(all) != 1 {
		t.Fatalf("%d events", len(all))
	}
	data := all[0].Data.Interface().(api.EntriesChangedEvent)
	if data.Created != 150 || len(data.Paths) != 100 || !data.Truncated || data.Location != api.Path(root) {
		t.Errorf("%d created, %d paths, truncated %v", data.Created, len(data.Paths), data.Truncated)
	}
}

func TestBigFolderTakesSeveralTransactions(t *testing.T) {
	root := tree(t, t.TempDir(), numbered("big/%05d", 5000)...)
	i := start(t)
	c := i.newLibrary("Home")
	loc, out := add(c, root, api.Shallow)
	if out.Created != 5001 {
		t.Errorf("%d created", out.Created)
	}
	must(t, os.RemoveAll(filepath.Join(root, "big")))
	if out := rescan(c, loc.ID, false); out.Deleted != 5001 || out.Files != 0 {
		t.Errorf("output %+v", out)
	}
	checkCounters(t, string(call(c, api.LibrariesInfo, api.Empty{}).Path))
}

func TestVeryDeepFolder(t *testing.T) {
	root := t.TempDir()
	// Deeper than a path may be long: made and looked at step by step.
	at, err := os.OpenRoot(root)
	must(t, err)
	name := strings.Repeat("n", 200)
	for range 30 {
		must(t, at.Mkdir(name, 0o755))
		next, err := at.OpenRoot(name)
		must(t, err)
		at.Close()
		at = next
	}
	f, err := at.Create("bottom.txt")
	must(t, err)
	f.Close()
	at.Close()
	i := start(t)
	c := i.newLibrary("Home")
	if _, out := add(c, root, api.Content); out.Files != 1 || out.Folders != 30 || out.Hashed != 1 {
		t.Errorf("output %+v", out)
	}
	if hits := find(c, api.SearchInput{Query: "bottom"}); len(hits) != 1 || len(hits[0]) < 30*200 {
		t.Errorf("found %d", len(hits))
	}
}

func TestRootThatIsGone(t *testing.T) {
	root := tree(t, filepath.Join(t.TempDir(), "disk"), "a.txt", "d/b.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	must(t, os.Rename(root, root+"-away"))
	info := wait(c, call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: loc.ID}).JobID)
	if info.Status != api.JobFailed || info.Error.Code != protocol.NotFound || !strings.Contains(info.Error.Hint, loc.ID.String()) {
		t.Errorf("the job: %s, %v", info.Status, info.Error)
	}
	now := call(c, api.LocationsList, api.LocationListInput{}).Locations[0]
	if now.State != api.Offline || now.Reason == "" || now.Files != 2 {
		t.Errorf("the location: %+v", now)
	}
	updates := i.events.of(api.LocationUpdated.Type)
	if data := updates[len(updates)-1].Data.Interface().(api.LocationEvent); data.State != api.Offline || data.Reason != now.Reason {
		t.Errorf("the last event: %+v", data)
	}
	if got := find(c, api.SearchInput{Query: "b.txt"}); len(got) != 1 {
		t.Error("entries were deleted")
	}
	must(t, os.Rename(root+"-away", root))
	rescan(c, loc.ID, false)
	if now := call(c, api.LocationsList, api.LocationListInput{}).Locations[0]; now.State != api.Online || now.Reason != "" || now.LastScan.IsZero() {
		t.Errorf("afterwards: %+v", now)
	}
}

func TestEmptiedFolderIsNotOffline(t *testing.T) {
	root := tree(t, t.TempDir(), "a.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	must(t, os.Remove(filepath.Join(root, "a.txt")))
	if out := rescan(c, loc.ID, false); out.Deleted != 1 || out.Files != 0 {
		t.Errorf("output %+v", out)
	}
}

func TestOwnFilesAreLeftOut(t *testing.T) {
	root := tree(t, t.TempDir(), "a.txt", "photos/p.jpg")
	i := startIn(t, filepath.Join(root, "data"))
	i.newLibrary("Home")
	c := i.in(call(i.client, api.LibrariesCreate, api.LibraryCreateInput{Name: "Photos", Path: api.Path(filepath.Join(root, "photos"))}).ID)
	_, out := add(c, root, api.Shallow)
	if out.Files != 2 || out.Folders != 2 || out.Skipped != 1 {
		t.Errorf("output %+v", out)
	}
	if got := find(c, api.SearchInput{Query: "library"}); len(got) != 0 {
		t.Errorf("found %q", got)
	}
}

// TestUnreadableFolder runs as another user where it was started as root, whom
// modes do not stop.
func TestUnreadableFolder(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "CORE_TEST_CHILD=unreadable", "CORE_TEST_DATA="+dir)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		// dir and the folder above it are the test's own.
		for _, d := range []string{dir, filepath.Dir(dir)} {
			must(t, os.Chmod(d, 0o755))
		}
		must(t, os.Chown(dir, 65534, 65534))
		// The test's own program must be within the user's reach too.
		exe, err := os.ReadFile(os.Args[0])
		must(t, err)
		cmd.Path = filepath.Join(dir, "core.test")
		must(t, os.WriteFile(cmd.Path, exe, 0o755))
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		First, Second  api.IndexOutput
		Warnings       []api.Warning
		Count          int64
		Found          []string
		Rescanned      api.IndexOutput
		SecondWarnings []api.Warning
		Scanned        api.ScanOutput
		ScanWarnings   []api.Warning
	}
	if err := protocol.JSON.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if report.First.Files != 5 || report.Count != 0 {
		t.Errorf("readable: %+v, %d warnings", report.First, report.Count)
	}
	if report.Second.Deleted != 0 || report.Second.Files != 5 || len(report.Found) != 1 {
		t.Errorf("unreadable: %+v, found %q", report.Second, report.Found)
	}
	// One for the folder, none for what is in it, one for each file.
	var warned []string
	for _, w := range report.Warnings {
		warned = append(warned, strings.TrimPrefix(string(w.Path), dir+"/root/"))
		if w.Code != protocol.PermissionDenied || !strings.Contains(w.Message, "permission denied") {
			t.Errorf("warning %+v", w)
		}
	}
	if got := strings.Join(warned, " "); got != "listed/in.txt locked secret.txt" {
		t.Errorf("warnings of %s", got)
	}
	// A scan without an index cannot even count what is in a folder that is
	// closed to it.
	slices.SortFunc(report.ScanWarnings, func(a, b api.Warning) int { return strings.Compare(string(a.Path), string(b.Path)) })
	warned = nil
	for _, w := range report.ScanWarnings {
		warned = append(warned, strings.TrimPrefix(string(w.Path), dir+"/root/")+" "+string(w.Code))
	}
	if got := strings.Join(warned, ", "); report.Scanned.Files != 2 || report.Scanned.Folders != 2 ||
		got != "listed/in.txt permission_denied, locked permission_denied, secret.txt permission_denied" {
		t.Errorf("scanned: %+v, warnings of %s", report.Scanned, got)
	}
	// The rights of one file were changed, which its time of change shows: it
	// may have been written too.
	if out := report.Rescanned; out.Created+out.Deleted != 0 || out.Modified != 1 || out.Hashed != 1 || len(report.SecondWarnings) != 0 {
		t.Errorf("readable again: %+v, warnings %+v", report.Rescanned, report.SecondWarnings)
	}
}

// indexUnreadable indexes a folder, takes the rights to a part of it away,
// rescans, gives them back, rescans, and prints what came of it.
func indexUnreadable() {
	dir := os.Getenv("CORE_TEST_DATA")
	t := new(quietTB)
	root := tree(t, filepath.Join(dir, "root"), "a.txt", "listed/in.txt", "locked/in.txt", "locked/deep/er.txt", "secret.txt")
	i := startIn(t, filepath.Join(dir, "data"))
	c := i.newLibrary("Home")
	loc, first := add(c, root, api.Content)
	must(t, os.Chmod(filepath.Join(root, "listed"), 0o400)) // names can be read, and nothing of the files
	must(t, os.Chmod(filepath.Join(root, "locked"), 0))
	must(t, os.WriteFile(filepath.Join(root, "secret.txt"), []byte("changed"), 0o644))
	must(t, os.Chmod(filepath.Join(root, "secret.txt"), 0))
	id := call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: loc.ID}).JobID
	second := output(c, id)
	info := call(c, api.JobsInfo, api.JobInfoInput{JobID: id})
	found := find(c, api.SearchInput{Query: "er.txt"})
	scan, scanJob := scanned(i.client, api.IndexingStartInput{Paths: []api.Path{api.Path(root)}, Mode: api.Content})
	must(t, os.Chmod(filepath.Join(root, "listed"), 0o755))
	must(t, os.Chmod(filepath.Join(root, "locked"), 0o755))
	must(t, os.Chmod(filepath.Join(root, "secret.txt"), 0o644))
	id = call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: loc.ID}).JobID
	third := output(c, id)
	last := call(c, api.JobsInfo, api.JobInfoInput{JobID: id})
	i.close()
	text, err := protocol.JSON.Marshal(map[string]any{
		"First": first, "Second": second, "Warnings": info.WarningList, "Count": info.Warnings - 3, "Found": found,
		"Rescanned": third, "SecondWarnings": last.WarningList, "Scanned": scan, "ScanWarnings": scanJob.WarningList,
	})
	must(t, err)
	fmt.Println(string(text))
}
