package core_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// openLibraryFile opens a library's database as another program does.
func openLibraryFile(t *testing.T, c client) *sqlite.Conn {
	t.Helper()
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	return conn
}

// TestTheJobsOfARemovedLocationGoWithIt: a crash right after the removal leaves
// no job behind.
func TestTheJobsOfARemovedLocationGoWithIt(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	db := openLibraryFile(t, c)
	root := tree(t, t.TempDir(), numbered("%d/x", 300)...)
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root)})
	for range 3 { // a job that runs, and two that wait
		call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: added.Location.ID})
	}
	call(c, api.JobsPause, api.JobInput{JobID: added.JobID})
	unfinished := int64(-1)
	i.events.on(func(ev protocol.Event) {
		if ev.Type == api.LocationRemoved.Type {
			var err error
			unfinished, err = store.Int(db, "SELECT count(*) FROM job WHERE status IN ('queued', 'running', 'paused')")
			must(t, err)
		}
	})
	call(c, api.LocationsRemove, api.LocationRemoveInput{LocationID: added.Location.ID})
	i.events.on(nil)
	if unfinished != 0 {
		t.Errorf("when the location had been removed, %d of its jobs were left", unfinished)
	}
	for _, j := range call(c, api.JobsList, api.JobListInput{}).Jobs {
		if !j.Status.Finished() {
			t.Errorf("a job is %s", j.Status)
		}
	}
}

// TestARemovalEndsWithItsCall: the location has gone, though a job on it cannot
// be stopped while another program has the database.
func TestARemovalEndsWithItsCall(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	other := openLibraryFile(t, c)
	root := tree(t, t.TempDir(), numbered("%d/x", 300)...)
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root)})
	call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: added.Location.ID})
	ctx, cancel := context.WithCancel(t.Context())
	i.events.on(func(ev protocol.Event) {
		if ev.Type == api.LocationRemoved.Type {
			must(t, store.Each(other, "BEGIN IMMEDIATE", nil))
			cancel()
		}
	})
	removed := make(chan struct{})
	go func() {
		defer close(removed)
		if _, err := tryContext(ctx, c, api.LocationsRemove, api.LocationRemoveInput{LocationID: added.Location.ID}); err != nil {
			t.Error(err)
		}
	}()
	<-removed
	i.events.on(nil)
	must(t, store.Each(other, "ROLLBACK", nil))
	if all := call(c, api.LocationsList, api.LocationListInput{}); len(all.Locations) != 0 {
		t.Errorf("locations: %+v", all)
	}
}

func TestARefusedCreateLeavesNoFolder(t *testing.T) {
	i, dir := start(t), t.TempDir()
	if _, err := create(i, "New", filepath.Join(dir, "a", "b", strings.Repeat("c", 300), "d")); err == nil {
		t.Fatal("it was made")
	}
	if got := files(t, dir); got != "" {
		t.Errorf("left: %s", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	if _, err := create(i, "New", filepath.Join(dir, "file", "x")); err == nil {
		t.Fatal("it was made")
	}
}

// TestEntriesInfoOfLongPathsIsRefused: no answer outgrows a message.
func TestEntriesInfoOfLongPathsIsRefused(t *testing.T) {
	const deep, length, many = 90, 250, 800 // together 18 MB
	root := tree(t, t.TempDir(), "deep/")
	fd, err := unix.Open(filepath.Join(root, "deep"), unix.O_DIRECTORY|unix.O_RDONLY, 0)
	must(t, err)
	name := strings.Repeat("a", length)
	for range deep {
		must(t, unix.Mkdirat(fd, name, 0o755))
		next, err := unix.Openat(fd, name, unix.O_DIRECTORY|unix.O_RDONLY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	for n := range many {
		must(t, unix.Mkdirat(fd, fmt.Sprint("x", n), 0o755))
	}
	unix.Close(fd)
	i := start(t)
	c := i.newLibrary("Home")
	add(c, root, api.Shallow)
	var in api.EntriesInfoInput
	search := api.SearchInput{Query: "x", Page: api.Page{Limit: many}}
	for len(in.IDs) < many {
		page := call(c, api.SearchFiles, search)
		for _, hit := range page.Hits {
			in.IDs = append(in.IDs, hit.Entry.ID)
		}
		if search.Cursor = page.NextCursor; search.Cursor == "" {
			break
		}
	}
	if _, err := try(c, api.EntriesInfo, in); !protocol.HasCode(err, protocol.Validation) {
		t.Errorf("%d entries: %v", len(in.IDs), err)
	}
	in.IDs = in.IDs[:many/8]
	if got := call(c, api.EntriesInfo, in).Entries; len(got) != many/8 || len(got[0].Path) < deep*length {
		t.Errorf("%d entries", len(got))
	}
}

// TestCloseEndsWithItsContext: the disk of the data folder does not answer.
func TestCloseEndsWithItsContext(t *testing.T) {
	i := start(t)
	reading, release, read := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	db := i.core.DB()
	go func() {
		read <- db.Read(context.Background(), func(*sqlite.Conn) error {
			close(reading)
			<-release
			return nil
		})
	}()
	<-reading
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan error, 1)
	go func() { closed <- i.core.Close(ctx) }()
	select {
	case err := <-closed:
		must(t, err)
	case <-time.After(20 * time.Second):
		t.Error("it waits for the disk")
	}
	close(release)
	must(t, <-read)
	must(t, db.Close()) // waits until it is closed
}
