package core_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func create(i *instance, name, path string) (api.Library, error) {
	return try(i.client, api.LibrariesCreate, api.LibraryCreateInput{Name: name, Path: api.Path(path)})
}

func names(i *instance) (all []string) {
	for _, l := range call(i.client, api.LibrariesList, api.Empty{}).Libraries {
		all = append(all, l.Name+" "+l.State)
	}
	return all
}

func TestLibraryCreate(t *testing.T) {
	i := start(t)
	lib, err := create(i, "Fotos & Ferien", "")
	must(t, err)
	if want := filepath.Join(i.data, "libraries", lib.ID.String()); string(lib.Path) != want || lib.State != "open" || lib.CreatedAt.IsZero() {
		t.Errorf("%+v", lib)
	}
	if _, err := os.Stat(filepath.Join(string(lib.Path), "library.db")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(string(lib.Path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's mode is %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"Fotos & Ferien", "FOTOS & FERIEN"} {
		_, err := create(i, name, "")
		wantCode(t, err, protocol.AlreadyExists)
	}
	if _, err := create(i, "Straße", ""); err != nil {
		t.Error(err)
	}
	_, err = create(i, "STRASSE", "")
	wantCode(t, err, protocol.AlreadyExists)
	for _, name := range []string{"", " ", "a/b", "a\\b", "a\nb", strings.Repeat("x", 65), ".."} {
		_, err := create(i, name, "")
		wantCode(t, err, protocol.Validation)
	}
	if _, err := create(i, strings.Repeat("日", 64), ""); err != nil {
		t.Error(err)
	}
	for _, ev := range i.events.of(api.LibraryCreated.Type, api.LibraryOpened.Type)[:2] {
		if data := ev.Data.Interface().(api.LibraryEvent); ev.LibraryID != lib.ID || ev.TraceID != "test" || data.Name != lib.Name || data.Path != lib.Path {
			t.Errorf("event %+v", ev)
		}
	}
}

func TestLibrariesSurviveARestart(t *testing.T) {
	i := start(t)
	a, err := create(i, "A", "")
	must(t, err)
	_, err = create(i, "b", filepath.Join(t.TempDir(), "else", "where"))
	must(t, err)
	call(i.in(a.ID), api.LibrariesRename, api.LibraryRenameInput{NewName: "C"})
	i.close()
	if got := i.core.Libraries(); len(got) != 0 {
		t.Errorf("open while closed: %v", got)
	}
	must(t, i.core.Open(t.Context()))
	if got := strings.Join(names(i), ", "); got != "b open, C open" {
		t.Errorf("libraries: %s", got)
	}
	if got := i.core.Libraries(); len(got) != 2 || got[1].ID != a.ID || got[1].Name != "C" || got[1].State != "open" {
		t.Errorf("status %v", got)
	}
}

func TestLibraryRename(t *testing.T) {
	i := start(t)
	a, err := create(i, "A", "")
	must(t, err)
	_, err = create(i, "B", "")
	must(t, err)
	c := i.in(a.ID)
	_, err = try(c, api.LibrariesRename, api.LibraryRenameInput{NewName: "b"})
	wantCode(t, err, protocol.AlreadyExists)
	if got := call(c, api.LibrariesRename, api.LibraryRenameInput{NewName: "a"}); got.Name != "a" || got.ID != a.ID {
		t.Errorf("%+v", got)
	}
	if ev := i.events.of(api.LibraryRenamed.Type); len(ev) != 1 || ev[0].Data.Interface().(api.LibraryEvent).Name != "a" {
		t.Errorf("events %+v", ev)
	}
	_, err = try(i.client, api.LibrariesRename, api.LibraryRenameInput{NewName: "x"})
	if wire := wantCode(t, err, protocol.Validation); wire.Details["field"] != "library_id" || !strings.Contains(wire.Hint, a.ID.String()) {
		t.Errorf("%v, %v", wire, wire.Details)
	}
}

func TestRenameAndDeleteNeedTheLibraryNamed(t *testing.T) {
	i := start(t)
	lib, err := create(i, "Only", "")
	must(t, err)
	call(i.in(lib.ID), api.LibrariesSetCurrent, api.Empty{})
	for _, op := range []func() error{
		func() error {
			_, err := try(i.client, api.LibrariesRename, api.LibraryRenameInput{NewName: "x"})
			return err
		},
		func() error { _, err := try(i.client, api.LibrariesDelete, api.LibraryDeleteInput{}); return err },
		func() error { _, err := try(i.client, api.LibrariesSetCurrent, api.Empty{}); return err },
	} {
		if wire := wantCode(t, op(), protocol.Validation); wire.Details["field"] != "library_id" || !strings.Contains(wire.Hint, lib.ID.String()) {
			t.Errorf("%v, %v", wire, wire.Details)
		}
	}
}

func TestLibraryDelete(t *testing.T) {
	for _, withData := range []bool{false, true} {
		i := start(t)
		root := tree(t, t.TempDir(), "a.txt")
		path := tree(t, t.TempDir(), "lib/mine.txt") + "/lib"
		lib, err := create(i, "Gone", path)
		must(t, err)
		add(i.in(lib.ID), root, api.Shallow)
		out := call(i.in(lib.ID), api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: withData})
		if out.ID != lib.ID || out.Name != "Gone" || out.DataDeleted != withData {
			t.Errorf("%+v", out)
		}
		if got := names(i); len(got) != 0 {
			t.Errorf("libraries: %v", got)
		}
		left, err := filepath.Glob(filepath.Join(path, "library.db*"))
		must(t, err)
		if withData != (len(left) == 0) {
			t.Errorf("with data %v: left %v", withData, left)
		}
		for _, file := range []string{filepath.Join(root, "a.txt"), filepath.Join(path, "mine.txt")} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("a file that is not the library's own: %v", err)
			}
		}
		_, err = try(i.in(lib.ID), api.LibrariesInfo, api.Empty{})
		wantCode(t, err, protocol.NotFound)
		if ev := i.events.of(api.LibraryDeleted.Type); len(ev) != 1 {
			t.Errorf("events %v", ev)
		}
		if withData {
			continue
		}
		again, err := create(i, "Back", path)
		must(t, err)
		if again.ID != lib.ID || again.Name != "Back" || !again.CreatedAt.Equal(lib.CreatedAt) {
			t.Errorf("opened again: %+v", again)
		}
		if got := find(i.in(lib.ID), api.SearchInput{Query: "a.txt"}); len(got) != 1 {
			t.Errorf("found %v", got)
		}
		_, err = create(i, "Twice", path)
		wantCode(t, err, protocol.AlreadyExists)
	}
	t.Run("removes an own folder", func(t *testing.T) {
		i := start(t)
		lib, err := create(i, "Gone", "")
		must(t, err)
		call(i.in(lib.ID), api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: true})
		if _, err := os.Stat(string(lib.Path)); !os.IsNotExist(err) {
			t.Errorf("the folder is there: %v", err)
		}
	})
}

func TestCopiedLibraryIsRefused(t *testing.T) {
	i := start(t)
	lib, err := create(i, "One", "")
	must(t, err)
	i.close()
	copied := t.TempDir()
	text, err := os.ReadFile(filepath.Join(string(lib.Path), "library.db"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(copied, "library.db"), text, 0o600))
	must(t, i.core.Open(t.Context()))
	_, err = create(i, "Two", copied)
	if wire := wantCode(t, err, protocol.AlreadyExists); !strings.Contains(wire.Message, "One") {
		t.Error(wire)
	}
	if got := names(i); len(got) != 1 {
		t.Errorf("libraries: %v", got)
	}
}

func TestLibraryOfAnotherInstanceIsRefused(t *testing.T) {
	one, two := start(t), start(t)
	path := filepath.Join(t.TempDir(), "shared")
	_, err := create(one, "Shared", path)
	must(t, err)
	_, err = create(two, "Shared", path)
	wantCode(t, err, protocol.Conflict)
	one.close()
	_, err = create(two, "Shared", path)
	must(t, err)
}

func TestFailedLibraryLeavesTheOthers(t *testing.T) {
	newer := func(t *testing.T, db string) {
		conn, err := sqlite.OpenConn(db, sqlite.OpenReadWrite)
		must(t, err)
		must(t, store.Each(conn, "PRAGMA user_version = 99", nil))
		must(t, conn.Close())
	}
	for name, tt := range map[string]struct {
		harm func(t *testing.T, db string)
		code protocol.Code
		says string
	}{
		"a newer version": {newer, protocol.OperationFailed, "newer"},
		"no file":         {func(t *testing.T, db string) { must(t, os.Rename(db, db+".away")) }, protocol.NotFound, "not there"},
		"garbage":         {func(t *testing.T, db string) { must(t, os.WriteFile(db, []byte(strings.Repeat("x", 9999)), 0o600)) }, protocol.OperationFailed, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			i := start(t)
			bad, err := create(i, "Bad", "")
			must(t, err)
			good := i.newLibrary("Good")
			i.close()
			tt.harm(t, filepath.Join(string(bad.Path), "library.db"))
			must(t, i.core.Open(t.Context()))
			if got := strings.Join(names(i), ", "); got != "Bad failed, Good open" {
				t.Errorf("libraries: %s", got)
			}
			if got := i.core.Libraries()[0]; got.State != "failed" || !strings.Contains(got.Error, tt.says) {
				t.Errorf("status %+v", got)
			}
			_, err = try(i.in(bad.ID), api.LibrariesInfo, api.Empty{})
			if wire := wantCode(t, err, tt.code); !strings.Contains(wire.Message, "Bad") || wire.Hint == "" {
				t.Error(wire)
			}
			call(good, api.LibrariesInfo, api.Empty{})
			// A failed library can be forgotten.
			call(i.in(bad.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
			if got := strings.Join(names(i), ", "); got != "Good open" {
				t.Errorf("libraries: %s", got)
			}
		})
	}
}

func TestALibraryWhoseDiskComesBackOpens(t *testing.T) {
	i := start(t)
	lib, err := create(i, "Disk", "")
	must(t, err)
	i.close()
	away := string(lib.Path) + ".away"
	must(t, os.Rename(string(lib.Path), away))
	must(t, i.core.Open(t.Context()))
	_, err = try(i.in(lib.ID), api.LibrariesInfo, api.Empty{})
	wantCode(t, err, protocol.NotFound)
	must(t, os.Rename(away, string(lib.Path)))
	until(t, "the next try, which is made once a second", func() bool {
		_, err = try(i.in(lib.ID), api.LibrariesInfo, api.Empty{})
		return err == nil
	})
	if got := i.core.Libraries()[0].State; got != "open" {
		t.Errorf("the library is %s", got)
	}
}

func TestWhichLibraryACallMeans(t *testing.T) {
	i := start(t)
	_, err := try(i.client, api.LibrariesInfo, api.Empty{})
	if wire := wantCode(t, err, protocol.NotFound); wire.Hint == "" {
		t.Error("no hint")
	}
	one, err := create(i, "One", "")
	must(t, err)
	if got := call(i.client, api.LibrariesInfo, api.Empty{}); got.ID != one.ID {
		t.Errorf("the only one: %+v", got)
	}
	two, err := create(i, "Two", "")
	must(t, err)
	_, err = try(i.client, api.LibrariesInfo, api.Empty{})
	if wire := wantCode(t, err, protocol.Validation); wire.Details["field"] != "library_id" || !strings.Contains(wire.Hint, "One") || !strings.Contains(wire.Hint, "Two") {
		t.Errorf("%v, %v", wire, wire.Details)
	}
	if got := call(i.client, api.LibrariesCurrent, api.Empty{}); got.Library != nil {
		t.Errorf("current: %+v", got)
	}
	if got := call(i.in(two.ID), api.LibrariesSetCurrent, api.Empty{}); got.Library.ID != two.ID {
		t.Errorf("set: %+v", got)
	}
	if got := call(i.client, api.LibrariesInfo, api.Empty{}); got.ID != two.ID {
		t.Errorf("the current one: %+v", got)
	}
	if got := call(i.in(one.ID), api.LibrariesInfo, api.Empty{}); got.ID != one.ID {
		t.Errorf("the named one: %+v", got)
	}
	other := i.client
	other.session = new(registry.Session)
	_, err = try(other, api.LibrariesInfo, api.Empty{})
	wantCode(t, err, protocol.Validation)
	call(i.in(two.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
	_, err = try(i.client, api.LibrariesInfo, api.Empty{})
	wantCode(t, err, protocol.NotFound)
	if got := call(i.client, api.LibrariesCurrent, api.Empty{}); got.Library != nil {
		t.Errorf("current after its end: %+v", got)
	}
	_, err = try(i.in(protocol.NewID()), api.LibrariesInfo, api.Empty{})
	if wire := wantCode(t, err, protocol.NotFound); !strings.Contains(wire.Hint, "One") {
		t.Errorf("hint %q", wire.Hint)
	}
}

func TestLibraryInfo(t *testing.T) {
	root := tree(t, t.TempDir(), "a.txt", "same/x.bin", "b.txt")
	must(t, os.WriteFile(filepath.Join(root, "same/1.txt"), []byte("same content"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "same/2.txt"), []byte("same content"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "same/3.txt"), []byte("same content"), 0o644))
	i := start(t)
	c := i.newLibrary("Home")
	add(c, root, api.Content)
	info := call(c, api.LibrariesInfo, api.Empty{})
	s := info.Statistics
	if s.Files != 6 || s.Folders != 1 || s.Bytes != 5+10+5+36 || s.Locations != 1 || s.DuplicateBytes != 24 {
		t.Errorf("%+v", s)
	}
	if s.Kinds["text"] != (api.Count{Files: 6, Bytes: 56}) {
		t.Errorf("kinds %v", s.Kinds)
	}
	if info.SchemaVersion != 4 || info.SizeOnDisk < 4096 {
		t.Errorf("version %d, %d bytes", info.SchemaVersion, info.SizeOnDisk)
	}
}

func TestTwoCoresOnOneFolder(t *testing.T) {
	i := start(t)
	second := &instance{events: new(events), data: i.data}
	second.core = newCoreOn(i.data)
	err := second.core.Open(t.Context())
	if wire := wantCode(t, err, protocol.CoreUnavailable); wire.Details["pid"] != os.Getpid() || !strings.Contains(wire.Message, i.data) {
		t.Errorf("%v, %v", wire, wire.Details)
	}
	i.close()
	must(t, second.core.Open(t.Context()))
	must(t, second.core.Close(t.Context()))
}

func TestDataFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(tree(t, t.TempDir(), "file"), "file")
	err := newCoreOn(filepath.Join(file, "data")).Open(t.Context())
	if wire := wantCode(t, err, protocol.OperationFailed); !strings.Contains(wire.Message, file) || wire.Hint == "" {
		t.Error(wire)
	}
}

func TestUnreadableCatalogue(t *testing.T) {
	data := t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, "libraries.json"), []byte(`{"libraries":[{`), 0o600))
	c := newCoreOn(data)
	if err := c.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "libraries.json") {
		t.Errorf("error %v", err)
	}
	must(t, os.Remove(filepath.Join(data, "libraries.json")))
	must(t, c.Open(t.Context())) // the lock was let go
	must(t, c.Close(t.Context()))
}

func TestConcurrentLibraries(t *testing.T) {
	i := start(t)
	var callers sync.WaitGroup
	created := make(chan protocol.ID, 100)
	for n := range 8 {
		callers.Go(func() {
			for range 3 {
				lib, err := create(i, string(rune('a'+n%4)), "")
				if err == nil {
					created <- lib.ID
				} else if !protocol.HasCode(err, protocol.AlreadyExists) {
					t.Error(err)
				}
				names(i)
				must(t, i.core.Check(t.Context()))
			}
		})
	}
	callers.Wait()
	close(created)
	if len(created) != 4 || len(names(i)) != 4 {
		t.Errorf("%d were made, %d are there", len(created), len(names(i)))
	}
}
