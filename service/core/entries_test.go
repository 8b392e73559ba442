package core_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestEntriesInfo(t *testing.T) {
	root := tree(t, t.TempDir(), "docs/a.txt", "docs/deep/b.jpg", "bad\xff.txt", ".hidden/c")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		c.enc = enc
		at := func(names ...string) (paths []api.Path) {
			for _, name := range names {
				paths = append(paths, api.Path(filepath.Join(root, name)))
			}
			return paths
		}
		paths := append(at("docs/deep/b.jpg", "nothing", "bad\xff.txt", "docs", ".hidden/c", "."), "/elsewhere", api.Path(root+"/docs//deep/../a.txt"))
		out := call(c, api.EntriesInfo, api.EntriesInfoInput{Paths: paths}).Entries
		if len(out) != len(paths) || out[1] != nil || out[6] != nil {
			t.Fatalf("%d entries: %v", len(out), out)
		}
		if e := out[0]; e.Path != paths[0] || e.Name != "b.jpg" || e.Kind != "image" || e.LocationID != loc.ID || e.Total != nil || e.Size != int64(len("docs/deep/b.jpg")) {
			t.Errorf("%+v", e)
		}
		if out[2].Name != "bad\xff.txt" || !out[4].Hidden || out[7].Name != "a.txt" {
			t.Errorf("%+v, %+v, %+v", out[2], out[4], out[7])
		}
		if e := out[3]; e.Total == nil || e.Total.Files != 2 || e.Total.Folders != 1 || e.Total.Bytes != int64(len("docs/a.txt")+len("docs/deep/b.jpg")) ||
			e.Total.Kinds["image"].Files != 1 {
			t.Errorf("%+v, %+v", e, e.Total)
		}
		if e := out[5]; e.Path != api.Path(root) || e.Total.Files != 4 || e.Total.Folders != 3 {
			t.Errorf("the root: %+v, %+v", e, e.Total)
		}
		ids := []protocol.ID{out[3].ID, protocol.NewID(), out[0].ID}
		byID := call(c, api.EntriesInfo, api.EntriesInfoInput{IDs: ids}).Entries
		if len(byID) != 3 || byID[0].Path != out[3].Path || byID[1] != nil || byID[2].Path != out[0].Path {
			t.Errorf("by their ids: %+v", byID)
		}
	}
	for name, in := range map[string]api.EntriesInfoInput{
		"nothing": {}, "both": {IDs: []protocol.ID{protocol.NewID()}, Paths: []api.Path{"/"}},
		"too many": {Paths: make([]api.Path, 1001)}, "a relative path": {Paths: []api.Path{"x"}},
	} {
		if _, err := try(c, api.EntriesInfo, in); !protocol.HasCode(err, protocol.Validation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, os.RemoveAll(filepath.Join(root, "docs")))
	id := call(c, api.EntriesInfo, api.EntriesInfoInput{Paths: []api.Path{api.Path(filepath.Join(root, "docs/deep/b.jpg"))}}).Entries[0].ID
	rescan(c, loc.ID, false)
	if gone := call(c, api.EntriesInfo, api.EntriesInfoInput{IDs: []protocol.ID{id}}).Entries; gone[0] != nil {
		t.Errorf("below a deleted folder: %+v", gone[0])
	}
}
