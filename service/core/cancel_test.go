package core_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// TestSearchEndsWithItsCall: a search that is under way stops when its time is
// out or its caller gone. One that went on would answer with what it found.
func TestSearchEndsWithItsCall(t *testing.T) {
	c, _, _ := searchable(t, "a")
	const many = 60_000 // take tens of milliseconds, and hundreds under the race detector
	manyEntries(t, call(c, api.LibrariesInfo, api.Empty{}).Path, many)
	full := call(c, api.SearchFiles, api.SearchInput{Query: "b"})
	if full.Total < many {
		t.Fatalf("a full search finds %d", full.Total)
	}
	for name, end := range map[error]func() (context.Context, context.CancelFunc){
		context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 5*time.Millisecond)
		},
		context.Canceled: func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		// More than can run at once: were those that are stopped to hold
		// their places, the next would have to wait.
		stopped := 0
		for range 20 {
			ctx, cancel := end()
			out, err := tryContext(ctx, c, api.SearchFiles, api.SearchInput{Query: "b"})
			cancel()
			switch {
			case errors.Is(err, name):
				stopped++
			case err != nil || out.Total != full.Total: // the end may come late on a busy machine
				t.Fatalf("%v: %d hits, %v", name, out.Total, err)
			}
		}
		if stopped == 0 {
			t.Errorf("%v stopped none", name)
		}
	}
	if again := call(c, api.SearchFiles, api.SearchInput{Query: "b"}); again.Total != full.Total {
		t.Errorf("after those a search finds %d, before %d", again.Total, full.Total)
	}
}

// manyEntries puts n entries into a library, in the folder of its first file.
func manyEntries(t *testing.T, folder api.Path, n int) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(string(folder), library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	conn.SetBusyTimeout(time.Minute)
	must(t, sqlitex.ExecuteTransient(conn, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO entry (parent, name, kind, flags, size, blocks, mtime, ctime, btime, device, inode)
		SELECT e.parent, CAST('a rather long name, of which the letter b stands near the end ' || i AS BLOB), e.kind, e.flags, 1, 1, e.mtime, 0, 0, 0, 0
		FROM n, (SELECT * FROM entry WHERE name = CAST('a' AS BLOB)) e`, &sqlitex.ExecOptions{Args: []any{n}}))
}

// TestACancelledScanStops: folders that were not read by then are not read any
// more, and the location is free for the next scan.
func TestACancelledScanStops(t *testing.T) {
	const folders = 1200
	root := tree(t, t.TempDir(), numbered("d%04d/in/x", folders)...)
	i := start(t)
	c := i.newLibrary("Home")
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root), Mode: api.Shallow})
	until(t, "the scan's begin", func() bool {
		for _, ev := range i.events.of(api.EntriesChanged.Type, api.JobUpdate.Type) {
			if data, ok := ev.Data.Interface().(api.JobEvent); ok && data.Status == api.JobRunning {
				return true
			}
		}
		return false
	})
	call(c, api.JobsCancel, api.JobInput{JobID: added.JobID})
	if info := wait(c, added.JobID); info.Status != api.JobCancelled {
		t.Fatalf("the job is %s", info.Status)
	}
	count := func() int64 {
		return call(c, api.SearchFiles, api.SearchInput{Query: "x", Page: api.Page{Limit: 1}}).Total
	}
	stopped := count()
	if stopped >= folders {
		t.Fatalf("the index has all %d files, though the scan was cancelled", stopped)
	}
	out := rescan(c, added.Location.ID, false)
	if now := count(); now != folders {
		t.Errorf("after the next scan there are %d files (%+v)", now, out)
	}
}
