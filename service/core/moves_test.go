package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// idsBelow returns the ids of all entries by their paths below root.
func idsBelow(c client, root string) map[string]protocol.ID {
	c.t.Helper()
	ids := make(map[string]protocol.ID)
	in := api.SearchInput{Filters: api.SearchFilters{IncludeHidden: true}, Page: api.Page{Limit: api.MaxLimit}}
	for _, hit := range call(c, api.SearchFiles, in).Hits {
		ids[strings.TrimPrefix(string(hit.Path), root+"/")] = hit.Entry.ID
	}
	return ids
}

// settle makes all entries of a library count as long known.
func settle(t *testing.T) {
	t.Helper()
	t.Cleanup(entries.SetSettledAfter(0))
}

// TestIDsSurvive moves things about, rescans, and looks where the ids are then.
func TestIDsSurvive(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		do    string // commands: mv A B, write A, rm A, ln A B, mkdir A
		want  string // "was>is": the id of was is at is; "was>" it has gone
		moved int64
	}{
		{"a file renamed", []string{"a"}, "mv a b", "a>b", 1},
		{"a file moved down", []string{"a", "z/x"}, "mv a z/a", "a>z/a z/x>z/x", 1},
		{"a file moved up", []string{"z/a"}, "mv z/a a", "z/a>a", 1},
		{"a file moved to an earlier folder", []string{"a/x", "z/y"}, "mv z/y a/y", "z/y>a/y", 1},
		{"a file moved to a later folder", []string{"a/x", "z/y"}, "mv a/x z/x", "a/x>z/x", 1},
		{"a folder renamed", []string{"d/e/f", "d/g"}, "mv d x", "d>x d/e>x/e d/e/f>x/e/f d/g>x/g", 1},
		{"a folder moved into a later one", []string{"d/e/f", "z/"}, "mv d z/d", "d>z/d d/e/f>z/d/e/f", 1},
		{"a folder moved into an earlier one", []string{"a/", "d/e/f"}, "mv d a/d", "d>a/d d/e/f>a/d/e/f", 1},
		{"a folder moved into a new one", []string{"d/e/f"}, "mkdir n;mv d n/d", "d>n/d d/e/f>n/d/e/f", 1},
		{"a folder moved, and a file in it too", []string{"d/e/f", "d/g"}, "mv d/e/f top;mv d x", "d>x d/e>x/e d/e/f>top d/g>x/g", 2},
		{"a folder turned inside out", []string{"a/b/c"}, "mv a/b x;mv a x/a", "a>x/a a/b>x a/b/c>x/c", 2},
		{"two files that change names", []string{"a", "b"}, "mv a t;mv b a;mv t b", "a>b b>a", 2},
		{"three files in a ring", []string{"a", "b", "c"}, "mv a t;mv c a;mv b c;mv t b", "a>b b>c c>a", 3},
		{"two folders that change names", []string{"d/x", "e/y"}, "mv d t;mv e d;mv t e", "d>e e>d d/x>e/x e/y>d/y", 2},
		{"files of two folders that change places", []string{"d/x", "e/x"}, "mv d/x t;mv e/x d/x;mv t e/x", "d/x>e/x e/x>d/x", 2},
		{"a log that is rotated", []string{"log"}, "mv log log.1;write log", "log>log.1", 1},
		{"a log that is rotated to an earlier name", []string{"log"}, "mv log a.log;write log", "log>a.log", 1},
		{"a log that is rotated into another folder", []string{"log", "old/"}, "mv log old/log;write log", "log>old/log", 1},
		{"a chain of logs", []string{"l", "l.1"}, "mv l.1 l.2;mv l l.1;write l", "l>l.1 l.1>l.2", 2},
		{"a file saved by renaming over it", []string{"a"}, "write t;mv t a", "a>a", 0},
		{"a file moved over another", []string{"a", "b"}, "mv a b", "a>b b>", 1},
		{"a folder put in another's place", []string{"d/x", "n/y"}, "rm d;mv n d", "n>d n/y>d/y d>", 1},
		{"a folder made again", []string{"d/x"}, "rm d;mkdir d;write d/x", "d/x>", 0},
		{"a hard link added", []string{"a"}, "ln a b", "a>a", 0},
		{"one of two hard links moved", []string{"d/a", "e/"}, "ln d/a e/b;scan;mv e/b e/c", "d/a>d/a e/b>e/c", 1},
		{"one of two hard links moved to the other's folder", []string{"d/a", "e/"}, "ln d/a e/b;scan;mv e/b d/b", "d/a>d/a e/b>d/b", 1},
		{"the first of two hard links moved", []string{"d/a", "e/"}, "ln d/a e/b;scan;mv d/a e/a", "d/a>e/a e/b>e/b", 1},
		{"one of two hard links removed", []string{"d/a", "e/"}, "ln d/a e/b;scan;rm d/a", "d/a> e/b>e/b", 0},
		{"a folder with one of two hard links moved", []string{"d/a", "e/x"}, "ln d/a e/b;scan;mkdir n;mv d n/d", "d/a>n/d/a e/b>e/b", 1},
		{"a folder with one of two hard links removed", []string{"d/a", "e/x"}, "ln d/a e/b;scan;rm d", "d> d/a> e/b>e/b", 0},
		{"a file renamed to another kind of name", []string{"a.jpg"}, "mv a.jpg a.mp3", "a.jpg>a.mp3", 1},
		{"a file removed, whose inode two hard links use again", []string{"x", "y", "a/k", "z/k"},
			"mv x z/x;scan;rm z/x;write c;mv c a/c;ln a/c m;mv y y2", "z/x> y>y2", 1},
		{"hidden ones", []string{".d/a"}, "mv .d d", ".d>d .d/a>d/a", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			settle(t)
			root := tree(t, t.TempDir(), tt.files...)
			i := start(t)
			c := i.newLibrary("Home")
			loc, _ := add(c, root, api.Content)
			out := api.IndexOutput{}
			for _, command := range strings.Split(tt.do, ";") {
				if command == "scan" {
					rescan(c, loc.ID, false)
					continue
				}
				shell(t, root, command)
			}
			before := idsBelow(c, root)
			out = rescan(c, loc.ID, false)
			after := idsBelow(c, root)
			for _, pair := range strings.Fields(tt.want) {
				was, is, _ := strings.Cut(pair, ">")
				id, ok := before[was]
				if !ok {
					t.Fatalf("no entry %q at first, only %v", was, before)
				}
				found := ""
				for path, other := range after {
					if other == id {
						found = path
					}
				}
				if found != is {
					t.Errorf("the entry of %q is at %q, want %q", was, found, is)
				}
			}
			if out.Moved != tt.moved {
				t.Errorf("%d moved, want %d: %+v", out.Moved, tt.moved, out)
			}
			folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
			checkCounters(t, folder)
			compareWithFresh(t, root, folder)
			if again := rescan(c, loc.ID, false); again.Created+again.Modified+again.Moved+again.Deleted+again.Hashed != 0 {
				t.Errorf("another rescan: %+v", again)
			}
		})
	}
}

// shell does a command in a folder.
func shell(t *testing.T, root, command string) {
	t.Helper()
	words := strings.Fields(command)
	path := func(i int) string { return filepath.Join(root, words[i]) }
	switch words[0] {
	case "mv":
		must(t, os.Rename(path(1), path(2)))
	case "write":
		must(t, os.WriteFile(path(1), []byte("written to "+words[1]), 0o644))
	case "rm":
		must(t, os.RemoveAll(path(1)))
	case "ln":
		must(t, os.Link(path(1), path(2)))
	case "mkdir":
		must(t, os.Mkdir(path(1), 0o755))
	default:
		t.Fatal(command)
	}
}

// TestASavedFileKeepsItsID: a file that was just written, and indexed under its
// temporary name, takes the place of another by a rename.
func TestASavedFileKeepsItsID(t *testing.T) {
	root := tree(t, t.TempDir(), "letter.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Content)
	id := idsBelow(c, root)["letter.txt"]
	for n := range 3 {
		shell(t, root, fmt.Sprintf("write .letter.tmp%d", n))
		rescan(c, loc.ID, false)
		shell(t, root, fmt.Sprintf("mv .letter.tmp%d letter.txt", n))
		out := rescan(c, loc.ID, false)
		if got := idsBelow(c, root); len(got) != 1 || got["letter.txt"] != id {
			t.Fatalf("saved %d times: %v, want only letter.txt with %v; %+v", n+1, got, id, out)
		}
	}
}

// TestANewFolderKeepsItsIDWhereItReplacesAnother: only files are saved by writing
// beside them and renaming.
func TestANewFolderKeepsItsIDWhereItReplacesAnother(t *testing.T) {
	root := tree(t, t.TempDir(), "d/x")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	tree(t, root, "n/x")
	rescan(c, loc.ID, false)
	id := idsBelow(c, root)["n"]
	shell(t, root, "rm d")
	shell(t, root, "mv n d")
	if out := rescan(c, loc.ID, false); idsBelow(c, root)["d"] != id || out.Moved != 1 {
		t.Errorf("%+v", out)
	}
}

// TestARewriteIsSeenByItsTimeOfChange: a file gets other content of the same
// size, and its time of modification back.
func TestARewriteIsSeenByItsTimeOfChange(t *testing.T) {
	root := tree(t, t.TempDir(), "a.txt")
	path := filepath.Join(root, "a.txt")
	for _, mode := range []api.IndexMode{api.Shallow, api.Content} {
		i := start(t)
		c := i.newLibrary("Home")
		loc, _ := add(c, root, mode)
		info, err := os.Stat(path)
		must(t, err)
		content, err := os.ReadFile(path)
		must(t, err)
		content[0]++
		must(t, os.WriteFile(path, content, 0o644))
		must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
		if out := rescan(c, loc.ID, false); out.Modified != 1 || mode == api.Content && out.Hashed != 1 {
			t.Errorf("%s: %+v", mode, out)
		}
		compareWithFreshAs(t, root, string(call(c, api.LibrariesInfo, api.Empty{}).Path), mode)
	}
}

// TestAMovedFolderWritesFewRows: what is below a folder costs nothing when it is
// moved.
func TestAMovedFolderWritesFewRows(t *testing.T) {
	root := t.TempDir()
	tree(t, root, numbered("old/d%d/a.txt", 60)...)
	tree(t, root, numbered("old/%d.jpg", 100)...)
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Content)
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	rows := strings.Split(entryRows(t, folder), "\n")
	must(t, os.Rename(filepath.Join(root, "old"), filepath.Join(root, "new")))
	out := rescan(c, loc.ID, false)
	if out.Moved != 1 || out.Created+out.Deleted+out.Hashed != 0 {
		t.Errorf("%+v", out)
	}
	was := make(map[string]bool)
	for _, row := range rows {
		was[row] = true
	}
	changed := 0
	for _, row := range strings.Split(entryRows(t, folder), "\n") {
		if !was[row] {
			changed++
		}
	}
	if changed > 2 {
		t.Errorf("%d rows changed", changed)
	}
	moved := i.events.of(api.EntriesChanged.Type)
	data := moved[len(moved)-1].Data.Interface().(api.EntriesChangedEvent)
	if data.Moved != 1 || len(data.Paths) < 2 || data.Truncated {
		t.Errorf("event %+v", data)
	}
}

// TestMovesBetweenLocations moves files from one location of a library to
// another, and takes a location's disk away.
func TestMovesBetweenLocations(t *testing.T) {
	root := tree(t, t.TempDir(), "one/d/x", "one/y", "two/z")
	i := start(t)
	c := i.newLibrary("Home")
	one, _ := add(c, filepath.Join(root, "one"), api.Content)
	two, _ := add(c, filepath.Join(root, "two"), api.Content)
	before := idsBelow(c, root)
	shell(t, root, "mv one/d two/d")
	if out := rescan(c, two.ID, false); out.Moved != 1 || out.Created != 0 {
		t.Errorf("%+v", out)
	}
	if out := rescan(c, one.ID, false); out.Deleted != 0 {
		t.Errorf("%+v", out)
	}
	after := idsBelow(c, root)
	if after["two/d"] != before["one/d"] || after["two/d/x"] != before["one/d/x"] || len(after) != len(before) {
		t.Errorf("before %v, after %v", before, after)
	}
	checkCounters(t, string(call(c, api.LibrariesInfo, api.Empty{}).Path))

	// The same files at another path, because the location's folder was
	// renamed: the location keeps its entries.
	shell(t, root, "mv one elsewhere")
	third, out := add(c, filepath.Join(root, "elsewhere"), api.Content)
	if out.Moved != 0 || out.Created != 1 {
		t.Errorf("%+v", out)
	}
	if got := call(c, api.LocationsList, api.LocationListInput{}).Locations; len(got) != 3 || third.ID == one.ID {
		t.Errorf("%+v", got)
	}
	if after := idsBelow(c, root); after["one/y"] != before["one/y"] {
		t.Errorf("after %v", after)
	}
}

// TestHardLinksCountOnceOnTheDisk compares the totals with du's.
func TestHardLinksCountOnceOnTheDisk(t *testing.T) {
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "d"), 0o755))
	must(t, os.WriteFile(filepath.Join(root, "d/big"), make([]byte, 100_000), 0o644))
	for n := range 5 {
		must(t, os.Link(filepath.Join(root, "d/big"), filepath.Join(root, fmt.Sprintf("link%d", n))))
	}
	i := start(t)
	c := i.newLibrary("Home")
	loc, out := add(c, root, api.Shallow)
	if out.Bytes != 600_000 {
		t.Errorf("%+v", out)
	}
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	check := func() {
		t.Helper()
		var st syscall.Stat_t
		want := int64(0)
		seen := make(map[uint64]bool)
		must(t, filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err == nil && path != root {
				if err = syscall.Lstat(path, &st); err == nil && !seen[st.Ino] {
					seen[st.Ino] = true
					want += st.Blocks * 512
				}
			}
			return err
		}))
		if got := diskUse(t, folder, root); got != want {
			t.Errorf("%d bytes on the disk, want %d", got, want)
		}
		checkCounters(t, folder)
	}
	check()
	must(t, os.WriteFile(filepath.Join(root, "d/big"), make([]byte, 300_000), 0o644))
	rescan(c, loc.ID, false)
	check()
	must(t, os.Rename(filepath.Join(root, "d"), filepath.Join(root, "e")))
	rescan(c, loc.ID, false)
	check()
	must(t, os.RemoveAll(filepath.Join(root, "e")))
	rescan(c, loc.ID, false)
	check()
}
