package lab

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// The same tree, indexed twice: once in peace, once by a daemon that is killed
// again and again. Both end with the same index.
func TestAnInterruptedIndexJobResumes(t *testing.T) {
	d := install(t)
	tree := filepath.Join(d.home, "tree")
	d.plant(tree, 200, 200)

	d.library("Peace")
	d.finished(d.addLocation(tree))
	want := d.entries()

	d = install(t)
	d.library("Storm")
	job := d.addLocation(tree)
	kills, furthest := 0, int64(0)
	for {
		info := d.job(job)
		if info.Status.Finished() {
			break
		}
		// What was reported may be a little ahead of the last checkpoint.
		if info.Progress.Done < furthest/2 {
			t.Errorf("after a kill it begins at %d, and had come to %d", info.Progress.Done, furthest)
		}
		furthest = max(furthest, info.Progress.Done)
		if furthest < int64(kills)*4000 || kills == 5 {
			continue // let it come further before the next
		}
		if err := syscall.Kill(d.status().PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		kills++
		d.systemctl("start", "spacedrive.service") // returns when the next one answers
	}
	d.finished(job)
	if kills == 0 {
		t.Fatal("the job ended before it could be interrupted; the tree is too small")
	}
	t.Logf("%d kills", kills)
	if got := d.entries(); !maps.Equal(got, want) {
		t.Errorf("interrupted, it indexed %d entries; in peace %d", len(got), len(want))
		for path, entry := range want {
			if got[path] != entry {
				t.Fatalf("%s is %q, want %q", path, got[path], entry)
			}
		}
	}
	d.socketLives()
}

// plant makes folders with files of differing size.
func (d *daemon) plant(root string, folders, files int) {
	d.t.Helper()
	for i := range folders {
		dir := filepath.Join(root, fmt.Sprintf("folder %03d", i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			d.t.Fatal(err)
		}
		for j := range files {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%03d.txt", j)), make([]byte, (i+j)%7), 0o644); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	d.t.Cleanup(func() { _ = os.RemoveAll(root) })
}

func (d *daemon) library(name string) string {
	d.t.Helper()
	return call[api.Library](d, "action", "libraries.create", fmt.Sprintf(`{"name":%q}`, name)).ID.String()
}

func (d *daemon) addLocation(path string) string {
	d.t.Helper()
	return call[api.LocationAddOutput](d, "action", "locations.add", fmt.Sprintf(`{"path":%q}`, path)).JobID.String()
}

func (d *daemon) job(id string) api.JobInfo {
	d.t.Helper()
	return call[api.JobInfo](d, "query", "jobs.info", fmt.Sprintf(`{"job_id":%q}`, id))
}

func (d *daemon) finished(id string) api.JobInfo {
	d.t.Helper()
	var info api.JobInfo
	d.until("the job's end", func() bool {
		info = d.job(id)
		return info.Status.Finished()
	})
	if info.Status != api.JobCompleted || info.Warnings != 0 {
		d.t.Fatalf("the job ended %s with %d warnings: %v", info.Status, info.Warnings, info.Error)
	}
	return info
}

// entries returns what the index holds, by path.
func (d *daemon) entries() map[api.Path]string {
	d.t.Helper()
	all := make(map[api.Path]string)
	cursor := ""
	for {
		page := call[api.SearchResult](d, "query", "search.files", fmt.Sprintf(`{"sort":"name","limit":10000,"cursor":%q}`, cursor))
		for _, hit := range page.Hits {
			if _, double := all[hit.Path]; double {
				d.t.Errorf("%s is in the index twice", hit.Path)
			}
			all[hit.Path] = fmt.Sprint(hit.Entry.Kind, hit.Entry.Size, hit.Entry.ModifiedAt)
		}
		if cursor = page.NextCursor; cursor == "" {
			return all
		}
	}
}
