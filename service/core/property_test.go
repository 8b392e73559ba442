package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// TestRescanEqualsAFreshIndex changes the trees of two locations at random,
// rescans them, and compares the index with one of a fresh library. Ids stay
// with the files that they stood for.
func TestRescanEqualsAFreshIndex(t *testing.T) {
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		top := filepath.Join(t.TempDir(), fmt.Sprint(run))
		roots := []string{filepath.Join(top, "one"), filepath.Join(top, "two")}[:rapid.IntRange(1, 2).Draw(r, "locations")]
		m := &mutator{t: t, folders: slices.Clone(roots), spare: filepath.Join(top, "spare")}
		for _, root := range roots {
			must(t, os.MkdirAll(root, 0o755))
		}
		settled := rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(r, "settled after")
		defer entries.SetSettledAfter(settled)()
		mode := rapid.SampledFrom([]api.IndexMode{api.Shallow, api.Content}).Draw(r, "mode")
		for range rapid.IntRange(0, 15).Draw(r, "before") {
			m.change(r)
		}
		i := start(t)
		defer i.close()
		c := i.newLibrary("Home")
		var locations []protocol.ID
		for _, root := range roots {
			loc, _ := add(c, root, mode)
			locations = append(locations, loc.ID)
		}
		folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
		for range rapid.IntRange(1, 3).Draw(r, "rescans") {
			before := identify(c, top)
			for range rapid.IntRange(0, 12).Draw(r, "changes") {
				m.change(r)
			}
			full, cancel := rapid.Bool().Draw(r, "full"), rapid.IntRange(0, 3).Draw(r, "cancel") == 0
			for _, id := range locations {
				if cancel { // a scan that comes some way
					job := call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: id}).JobID
					_, _ = try(c, api.JobsCancel, api.JobInput{JobID: job}) // or has come to its end
					wait(c, job)
				}
				rescan(c, id, full)
			}
			fresh := i.newLibrary(fmt.Sprint("Fresh ", time.Now().UnixNano()))
			for _, root := range roots {
				add(fresh, root, mode)
			}
			got, want := dump(t, folder), dump(t, string(call(fresh, api.LibrariesInfo, api.Empty{}).Path))
			if got != want {
				r.Fatalf("the index differs from a fresh one:\n%s", diff(got, want))
			}
			checkCounters(t, folder)
			if !cancel { // what it has seen replaced, it forgets
				checkIDs(r, before, identify(c, top), settled == 0)
			}
		}
	})
}

// An object is a file or folder on the disk. File systems use the numbers of
// inodes again.
type object struct {
	inode  uint64
	born   int64 // seconds since 1970, and the next nanoseconds
	nsec   int64
	folder bool
}

// identified is what the index and the disk have at a path.
type identified struct {
	id protocol.ID
	object
}

// identify returns what stands below root, by path from there.
func identify(c client, root string) map[string]identified {
	c.t.Helper()
	all := make(map[string]identified)
	for path, id := range idsBelow(c, root) {
		all[path] = identified{id, objectAt(c.t, filepath.Join(root, path))}
	}
	return all
}

// checkIDs compares the ids before and after a rescan. An object with one name
// keeps its id within its location, and no id goes from one object to another
// of the location while both are there; but a file that does not count as
// settled may get the id of the file whose place it took.
func checkIDs(r *rapid.T, before, after map[string]identified, settled bool) {
	names := func(in map[string]identified) map[object][]string {
		of := make(map[object][]string)
		for path, e := range in {
			of[e.object] = append(of[e.object], path)
		}
		return of
	}
	location := func(path string) string { return path[:strings.IndexByte(path, '/')] }
	was, is := names(before), names(after)
	owner := make(map[protocol.ID]object)
	for _, e := range before {
		owner[e.id] = e.object
	}
	for path, e := range after {
		old, ok := owner[e.id]
		if !ok || old == e.object || !settled && !e.folder {
			continue
		}
		if in := location(path); slices.ContainsFunc(is[old], func(p string) bool { return location(p) == in }) && len(was[e.object]) > 0 {
			r.Errorf("the id of %q now stands for %q, whose object was at %q", was[old], path, was[e.object])
		}
	}
	for o, old := range was {
		now := is[o]
		if len(old) != 1 || len(now) != 1 || location(old[0]) != location(now[0]) {
			continue
		}
		e, f := before[old[0]], after[now[0]]
		if _, taken := before[now[0]]; taken && old[0] != now[0] && !settled && !e.folder {
			continue
		}
		if e.id != f.id {
			r.Errorf("%q, now at %q, lost its id", old[0], now[0])
		}
	}
}

// A mutator changes a tree.
type mutator struct {
	t       *testing.T
	folders []string
	spare   string // a path outside, on the same file system
	clock   int64
}

// change does one thing to the tree, or nothing where that cannot be done.
func (m *mutator) change(r *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", ".c", "d.txt", "e.jpg", "f\xff", "g\n"})
	folder := rapid.SampledFrom(m.folders)
	draw := func(what string) string {
		return filepath.Join(folder.Draw(r, what+" folder"), name.Draw(r, what))
	}
	content := []byte(rapid.SampledFrom([]string{"", "one", "two", "longer", "%PDF-1.7 "}).Draw(r, "content"))
	path := draw("name")
	// What fails makes no sense, such as a file that is put where a folder is.
	switch rapid.SampledFrom([]string{"write", "write", "mkdir", "mkdir", "remove", "rename", "rename", "symlink", "link", "swap", "save", "chmod", "touch"}).Draw(r, "what") {
	case "write":
		m.write(path, content)
	case "mkdir":
		if os.Mkdir(path, 0o755) == nil {
			m.folders = append(m.folders, path)
		}
	case "remove":
		_ = os.RemoveAll(path)
	case "rename":
		_ = os.Rename(path, draw("new name"))
	case "symlink":
		_ = os.Symlink("..", path)
	case "link":
		_ = os.Link(path, draw("new name"))
	case "swap":
		other := draw("other name")
		if strings.HasPrefix(other+"/", path+"/") || strings.HasPrefix(path+"/", other+"/") {
			return
		}
		if os.Rename(path, m.spare) == nil {
			_ = os.Rename(other, path)
			if os.Rename(m.spare, other) != nil {
				must(m.t, os.Rename(m.spare, path))
			}
		}
	case "save":
		m.write(path+".tmp", content)
		_ = os.Rename(path+".tmp", path)
	case "chmod":
		_ = os.Chmod(path, rapid.SampledFrom([]os.FileMode{0o700, 0o755}).Draw(r, "mode bits"))
	case "touch":
		// Content of the same size, and the time put back.
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
			must(m.t, os.WriteFile(path, []byte(strings.Repeat("x", int(info.Size()))), 0o644))
			must(m.t, os.Chtimes(path, info.ModTime(), info.ModTime()))
		}
	}
}

func (m *mutator) write(path string, content []byte) {
	if os.WriteFile(path, content, 0o644) == nil {
		m.clock++ // no two writes at one time, whatever the file system's clock
		at := time.Unix(1_700_000_000, m.clock)
		must(m.t, os.Chtimes(path, at, at))
	}
}
