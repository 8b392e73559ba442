package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// TestRescanEqualsAFreshIndex changes a tree at random, rescans it, and
// compares the index with one that is made anew.
func TestRescanEqualsAFreshIndex(t *testing.T) {
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		root := filepath.Join(t.TempDir(), fmt.Sprint(run))
		must(t, os.Mkdir(root, 0o755))
		m := &mutator{t: t, root: root, folders: []string{root}}
		mode := rapid.SampledFrom([]api.IndexMode{api.Shallow, api.Content}).Draw(r, "mode")
		for range rapid.IntRange(0, 15).Draw(r, "before") {
			m.change(r)
		}
		i := start(t)
		defer i.close()
		c := i.newLibrary("Home")
		loc, _ := add(c, root, mode)
		folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
		for range rapid.IntRange(1, 3).Draw(r, "rescans") {
			for range rapid.IntRange(0, 12).Draw(r, "changes") {
				m.change(r)
			}
			rescan(c, loc.ID, rapid.Bool().Draw(r, "full"))
			fresh := i.newLibrary(fmt.Sprint("Fresh ", time.Now().UnixNano()))
			add(fresh, root, mode)
			got, want := dump(t, folder), dump(t, string(call(fresh, api.LibrariesInfo, api.Empty{}).Path))
			if got != want {
				r.Fatalf("the index differs from a fresh one:\n%s", diff(got, want))
			}
			checkCounters(t, folder)
		}
	})
}

// A mutator changes a tree.
type mutator struct {
	t       *testing.T
	root    string
	folders []string
	clock   int64
}

// change does one thing to the tree, or nothing where that cannot be done.
func (m *mutator) change(r *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", ".c", "d.txt", "e.jpg", "f\xff", "g\n"})
	folder := rapid.SampledFrom(m.folders).Draw(r, "folder")
	path := filepath.Join(folder, name.Draw(r, "name"))
	switch rapid.SampledFrom([]string{"write", "write", "mkdir", "mkdir", "remove", "rename", "link"}).Draw(r, "what") {
	case "write":
		if os.WriteFile(path, []byte(rapid.SampledFrom([]string{"", "one", "two", "longer"}).Draw(r, "content")), 0o644) == nil {
			m.clock++ // no two writes at one time, whatever the file system's clock
			at := time.Unix(1_700_000_000, m.clock)
			must(m.t, os.Chtimes(path, at, at))
		}
	case "mkdir":
		if os.Mkdir(path, 0o755) == nil {
			m.folders = append(m.folders, path)
		}
	case "remove":
		_ = os.RemoveAll(path) // fails where a file stands for a folder above
	case "rename":
		// Fails where it makes no sense.
		_ = os.Rename(path, filepath.Join(rapid.SampledFrom(m.folders).Draw(r, "to"), name.Draw(r, "new name")))
	case "link":
		_ = os.Symlink("..", path)
	}
}
