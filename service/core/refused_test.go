package core_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// What is on the disk and in the list after a call on libraries was refused.

func deleteData(i *instance, id protocol.ID) error {
	_, err := try(i.in(id), api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: true})
	return err
}

func exists(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", path, err)
	}
}

func files(t *testing.T, folder string) string {
	t.Helper()
	list, err := os.ReadDir(folder)
	must(t, err)
	var all []string
	for _, f := range list {
		all = append(all, f.Name())
	}
	return strings.Join(all, " ")
}

// breakCatalogue makes every write of the list of libraries fail, until the
// function that it returns is called.
func breakCatalogue(t *testing.T, i *instance) (repair func()) {
	t.Helper()
	list := filepath.Join(i.data, "libraries.json")
	must(t, os.Rename(list, list+".away"))
	must(t, os.Mkdir(list, 0o700)) // which no file can replace
	return func() {
		must(t, os.Remove(list))
		must(t, os.Rename(list+".away", list))
	}
}

func TestDeleteLeavesTheDatabaseOfAnotherLibrary(t *testing.T) {
	for name, open := range map[string]bool{"of a failed library": false, "of an open library": true} {
		t.Run(name, func(t *testing.T) {
			i, dir := start(t), t.TempDir()
			pathA, pathB := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			a, err := create(i, "A", pathA)
			must(t, err)
			b, err := create(i, "B", pathB)
			must(t, err)
			if open {
				call(i.in(b.ID), api.LibrariesDelete, api.LibraryDeleteInput{}) // its data stay
			} else {
				i.close()
			}
			must(t, os.Rename(pathA, pathA+".away"))
			must(t, os.Rename(pathB, pathA))
			if !open {
				must(t, i.core.Open(t.Context()))
			}
			err = deleteData(i, a.ID)
			if wire := wantCode(t, err, protocol.Conflict); !strings.Contains(wire.Message, b.ID.String()) || wire.Hint == "" {
				t.Errorf("%v, hint %q", wire, wire.Hint)
			}
			exists(t, filepath.Join(pathA, "library.db"))
			// Nothing has changed: A is listed, can be forgotten, and B opens where it is.
			if got := strings.Join(names(i), ", "); !strings.Contains(got, "A ") {
				t.Errorf("libraries: %s", got)
			}
			out := call(i.in(a.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
			if out.DataDeleted {
				t.Error("data was deleted")
			}
			if !open {
				call(i.in(b.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
			}
			again, err := create(i, "B", pathA)
			must(t, err)
			if again.ID != b.ID {
				t.Errorf("there is %v, not B", again)
			}
		})
	}
}

func TestDeleteLeavesADatabaseThatAnotherInstanceHasOpen(t *testing.T) {
	one, two := start(t), start(t)
	path := filepath.Join(t.TempDir(), "shared")
	lib, err := create(one, "Shared", path)
	must(t, err)
	one.close()
	_, err = create(two, "Shared", path)
	must(t, err)
	must(t, one.core.Open(t.Context())) // where it fails: two has it
	wantCode(t, deleteData(one, lib.ID), protocol.Conflict)
	exists(t, filepath.Join(path, "library.db"))
	if got := strings.Join(names(one), ", "); got != "Shared failed" {
		t.Errorf("libraries: %s", got)
	}
	root := tree(t, t.TempDir(), "a.txt")
	add(two.in(lib.ID), root, api.Shallow)
	two.close()
	must(t, deleteData(one, lib.ID))
	gone(t, path)
}

func TestDeleteOfFailedLibraries(t *testing.T) {
	for name, tt := range map[string]struct {
		harm    func(t *testing.T, db string)
		refused bool
	}{
		"without a folder":   {func(t *testing.T, db string) { must(t, os.RemoveAll(filepath.Dir(db))) }, false},
		"without a database": {func(t *testing.T, db string) { must(t, os.Remove(db)) }, false},
		"of a newer version": {func(t *testing.T, db string) {
			conn, err := sqlite.OpenConn(db, sqlite.OpenReadWrite)
			must(t, err)
			must(t, store.Each(conn, "PRAGMA user_version = 99", nil))
			must(t, conn.Close())
		}, false},
		"damaged":                    {func(t *testing.T, db string) { must(t, os.WriteFile(db, []byte(strings.Repeat("x", 9999)), 0o600)) }, true},
		"with only an old copy left": {func(t *testing.T, db string) { must(t, os.Rename(db, db+".v1.bak")) }, true},
		"at a folder of a file's": {func(t *testing.T, db string) {
			must(t, os.RemoveAll(filepath.Dir(db)))
			must(t, os.WriteFile(filepath.Dir(db), []byte("text"), 0o600))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			i := start(t)
			lib, err := create(i, "Bad", filepath.Join(t.TempDir(), "lib"))
			must(t, err)
			i.close()
			tt.harm(t, filepath.Join(string(lib.Path), "library.db"))
			must(t, i.core.Open(t.Context()))
			err = deleteData(i, lib.ID)
			if !tt.refused {
				must(t, err)
				gone(t, string(lib.Path))
				return
			}
			if err == nil || protocol.AsError(err).Hint == "" {
				t.Fatalf("error %v, without a hint", err)
			}
			exists(t, string(lib.Path))
			if got := strings.Join(names(i), ", "); got != "Bad failed" {
				t.Errorf("libraries: %s", got)
			}
			call(i.in(lib.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
			exists(t, string(lib.Path))
		})
	}
}

func TestDeleteThatCannotBeRecordedChangesNothing(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	repair := breakCatalogue(t, i)
	if err := deleteData(i, c.library); err == nil {
		t.Fatal("it was deleted")
	}
	repair()
	add(c, tree(t, t.TempDir(), "a.txt"), api.Shallow)
	i.close()
	must(t, i.core.Open(t.Context()))
	if got := find(c, api.SearchInput{Query: "a.txt"}); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

// TestOneOfTwoCreatesWins makes libraries at one new path from two instances
// at once.
func TestOneOfTwoCreatesWins(t *testing.T) {
	one, two := start(t), start(t)
	dir := t.TempDir()
	for n := range 40 {
		path := filepath.Join(dir, "new", string(rune('a'+n)))
		var callers sync.WaitGroup
		var libs [2]api.Library
		var errs [2]error
		for k, i := range []*instance{one, two} {
			callers.Go(func() { libs[k], errs[k] = create(i, "Race", path) })
		}
		callers.Wait()
		won := 0
		for k, i := range []*instance{one, two} {
			if errs[k] != nil {
				wantCode(t, errs[k], protocol.Conflict)
				continue
			}
			won++
			exists(t, filepath.Join(path, "library.db"))
			call(i.in(libs[k].ID), api.LibrariesInfo, api.Empty{})
			must(t, deleteData(i, libs[k].ID))
		}
		if won != 1 {
			t.Fatalf("round %d: %v, %v", n, errs[0], errs[1])
		}
		gone(t, path)
	}
}

func TestARefusedCreateLeavesWhatItFound(t *testing.T) {
	t.Run("files of an older library", func(t *testing.T) {
		i := start(t)
		i.newLibrary("First") // so that there is a list
		folder := tree(t, t.TempDir(), "library.db.v1.bak", "mine.txt")
		repair := breakCatalogue(t, i)
		if _, err := create(i, "New", folder); err == nil {
			t.Fatal("it was made")
		}
		repair()
		if got := files(t, folder); got != "library.db.v1.bak mine.txt" {
			t.Errorf("left: %s", got)
		}
		_, err := create(i, "New", folder)
		must(t, err)
	})
	t.Run("no folders that it made", func(t *testing.T) {
		i := start(t)
		i.newLibrary("First")
		dir := t.TempDir()
		repair := breakCatalogue(t, i)
		if _, err := create(i, "New", filepath.Join(dir, "a", "b", "c")); err == nil {
			t.Fatal("it was made")
		}
		repair()
		if got := files(t, dir); got != "" {
			t.Errorf("left: %s", got)
		}
	})
	t.Run("a library and its name", func(t *testing.T) {
		i := start(t)
		path := filepath.Join(t.TempDir(), "lib")
		lib, err := create(i, "Old", path)
		must(t, err)
		call(i.in(lib.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
		i.newLibrary("First")
		repair := breakCatalogue(t, i)
		if _, err := create(i, "New", path); err == nil {
			t.Fatal("it was opened")
		}
		repair()
		conn, err := sqlite.OpenConn(filepath.Join(path, "library.db"), sqlite.OpenReadOnly)
		must(t, err)
		defer conn.Close()
		must(t, store.Each(conn, "SELECT name FROM library", func(s *sqlite.Stmt) error {
			if got := s.ColumnText(0); got != "Old" {
				t.Errorf("the library is named %q", got)
			}
			return nil
		}))
	})
	t.Run("a database that cannot be looked at", func(t *testing.T) {
		i := start(t)
		folder := t.TempDir()
		must(t, os.Symlink("library.db", filepath.Join(folder, "library.db"))) // a loop
		if _, err := create(i, "New", folder); err == nil {
			t.Fatal("it was made")
		}
		if got := files(t, folder); !strings.Contains(got, "library.db") {
			t.Errorf("left: %s", got)
		}
		if got := names(i); len(got) != 0 {
			t.Errorf("libraries: %v", got)
		}
	})
}

// TestACreateThatWasKilledCanBeRepeated: all that it left is an empty file, or
// a database that holds no library yet.
func TestACreateThatWasKilledCanBeRepeated(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, db string){
		"an empty file": func(t *testing.T, db string) { must(t, os.WriteFile(db, nil, 0o600)) },
		"a database without tables": func(t *testing.T, db string) {
			conn, err := sqlite.OpenConn(db, sqlite.OpenReadWrite|sqlite.OpenCreate)
			must(t, err)
			must(t, store.Each(conn, "PRAGMA journal_mode = wal", nil))
			must(t, conn.Close())
		},
		"a database without a library": func(t *testing.T, db string) {
			d, err := store.Open(t.Context(), db, store.Options{Schema: library.Schema, Create: true})
			must(t, err)
			must(t, d.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			i, folder := start(t), t.TempDir()
			leave(t, filepath.Join(folder, "library.db"))
			lib, err := create(i, "New", folder)
			must(t, err)
			i.close()
			must(t, i.core.Open(t.Context()))
			add(i.in(lib.ID), tree(t, t.TempDir(), "a.txt"), api.Shallow)
		})
	}
}

func TestARefusedCopyLeavesTheOriginalAtWork(t *testing.T) {
	i := start(t)
	lib, err := create(i, "One", "")
	must(t, err)
	c := i.in(lib.ID)
	copied := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(copied, os.DirFS(string(lib.Path))))
	before := files(t, copied)
	content, err := os.ReadFile(filepath.Join(copied, "library.db"))
	must(t, err)
	_, err = create(i, "Two", copied)
	wantCode(t, err, protocol.AlreadyExists)
	if got := files(t, copied); got != before {
		t.Errorf("the copy has %s, before %s", got, before)
	}
	if after, err := os.ReadFile(filepath.Join(copied, "library.db")); err != nil || !bytes.Equal(after, content) {
		t.Errorf("the copy was changed (%v)", err)
	}
	root := tree(t, t.TempDir(), "a.txt")
	loc, _ := add(c, root, api.Content)
	rescan(c, loc.ID, false)
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(tree(t, t.TempDir(), numbered("%d/x", 300)...))})
	call(c, api.JobsPause, api.JobInput{JobID: added.JobID})
	if n := i.core.JobCounts(); n.Paused+n.Queued+n.Running == 0 {
		info := call(c, api.JobsInfo, api.JobInfoInput{JobID: added.JobID})
		if !info.Status.Finished() {
			t.Errorf("the job is %s and counted nowhere", info.Status)
		}
	}
	call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: loc.ID})
	call(i.in(lib.ID), api.LibrariesRename, api.LibraryRenameInput{NewName: "Two"}) // the name is free
}

// TestTwoCopiesOfAnUnknownLibrary opens two copies at once: one of them is the
// library.
func TestTwoCopiesOfAnUnknownLibrary(t *testing.T) {
	i := start(t)
	lib, err := create(i, "One", filepath.Join(t.TempDir(), "one"))
	must(t, err)
	call(i.in(lib.ID), api.LibrariesDelete, api.LibraryDeleteInput{})
	paths := []string{string(lib.Path)}
	for range 3 {
		paths = append(paths, filepath.Join(t.TempDir(), "copy"))
		must(t, os.CopyFS(paths[len(paths)-1], os.DirFS(string(lib.Path))))
	}
	var callers sync.WaitGroup
	errs := make([]error, len(paths))
	for n, path := range paths {
		callers.Go(func() { _, errs[n] = create(i, string(rune('a'+n)), path) })
	}
	callers.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, err, protocol.AlreadyExists)
		}
	}
	if won != 1 {
		t.Errorf("%d copies are open: %v", won, errs)
	}
	add(i.in(lib.ID), tree(t, t.TempDir(), "a.txt"), api.Shallow)
}

func TestARenameThatCannotBeRecordedChangesNothing(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	repair := breakCatalogue(t, i)
	if _, err := try(c, api.LibrariesRename, api.LibraryRenameInput{NewName: "New"}); err == nil {
		t.Fatal("it was renamed")
	}
	if got := strings.Join(names(i), ", "); got != "Home open" {
		t.Errorf("libraries: %s", got)
	}
	repair()
	_, err := create(i, "New", "")
	must(t, err)
	if ev := i.events.of(api.LibraryRenamed.Type); len(ev) != 0 {
		t.Errorf("events %v", ev)
	}
}

// TestALockedLibraryHoldsUpNoOther: while another program has one library, the
// others are renamed, made and deleted.
func TestALockedLibraryHoldsUpNoOther(t *testing.T) {
	i := start(t)
	a, b := i.newLibrary("A"), i.newLibrary("B")
	db := filepath.Join(string(call(a, api.LibrariesInfo, api.Empty{}).Path), "library.db")
	other, err := sqlite.OpenConn(db, sqlite.OpenReadWrite)
	must(t, err)
	defer other.Close()
	must(t, store.Each(other, "BEGIN IMMEDIATE", nil))
	var callers sync.WaitGroup
	callers.Go(func() {
		_, err := try(a, api.LibrariesRename, api.LibraryRenameInput{NewName: "C"})
		if err != nil {
			t.Error(err)
		}
	})
	// More than one: the first may come before the other has begun. Were they to
	// wait for that, it would give up first (busyTimeout).
	for _, name := range numbered("B%d", 3) {
		call(b, api.LibrariesRename, api.LibraryRenameInput{NewName: name})
		lib, err := create(i, "D", "")
		must(t, err)
		must(t, deleteData(i, lib.ID))
	}
	must(t, store.Each(other, "ROLLBACK", nil))
	callers.Wait()
	if got := names(i); got[len(got)-1] != "C open" {
		t.Errorf("libraries: %v", got)
	}
}
