package core_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core"
)

// TestKillAndResume kills a process that indexes, again and again, and
// compares the index that comes of it in the end with one that was made
// without disturbance. The second pass does the same with a rescan of a tree
// that changed.
func TestKillAndResume(t *testing.T) {
	root := t.TempDir()
	const folders, files = 99, 30
	folder := func(n int) string { return fmt.Sprintf("top%d/mid%d/folder-%d", n%7, n%50, n) }
	for n := range folders {
		tree(t, filepath.Join(root, folder(n)), numbered("file-%d.txt", files)...)
	}
	data := filepath.Join(t.TempDir(), "data")
	i := startIn(t, data)
	c := i.newLibrary("Killed")
	index := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root), Mode: api.Content})
	call(c, api.JobsPause, api.JobInput{JobID: added.JobID})
	call(c, api.JobsResume, api.JobInput{JobID: added.JobID})
	i.close()

	killUntilDone(t, data, index, nil)
	compareWithFresh(t, root, index)

	for n := range folders {
		switch n % 3 {
		case 0:
			must(t, os.RemoveAll(filepath.Join(root, folder(n))))
		case 1:
			tree(t, root, numbered(fmt.Sprintf("top%d/new-%d/%%d.jpg", n%7, n), 20)...)
			tree(t, root, folder(n)+"/file-7.txt")
		}
	}
	i = startIn(t, data)
	c = i.in(c.library)
	job := call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: added.Location.ID}).JobID
	i.close()
	killUntilDone(t, data, index, nil)
	compareWithFresh(t, root, index)

	i = startIn(t, data)
	c = i.in(c.library)
	// What the job counted is exact too, whatever was done twice.
	out := output(c, job)
	if out.Created != folders/3*21 || out.Deleted != folders/3*(files+1) || out.Modified < folders/3 {
		t.Errorf("output %+v", out)
	}
}

// TestKillAndResumeWhileTheTreeChanges moves folders and makes hard links
// between the processes that are killed. What changed behind the scan is found
// by the next one.
func TestKillAndResumeWhileTheTreeChanges(t *testing.T) {
	root := t.TempDir()
	const folders = 80
	path := func(n int) string { return filepath.Join(root, fmt.Sprintf("top%d/folder-%d", n%7, n)) }
	for n := range folders {
		tree(t, path(n), numbered("file-%d.txt", 40)...)
	}
	data := filepath.Join(t.TempDir(), "data")
	i := startIn(t, data)
	c := i.newLibrary("Killed")
	folder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root), Mode: api.Content})
	i.close()
	round := 0
	change := func() {
		round++
		for range 10 {
			from, to := path(rand.IntN(folders)), path(rand.IntN(folders))
			// What fails makes no sense: a folder that is away, or into itself.
			_ = os.Rename(from, filepath.Join(to, fmt.Sprintf("moved-%d", round)))
			_ = os.Link(filepath.Join(path(rand.IntN(folders)), "file-1.txt"), filepath.Join(to, fmt.Sprintf("link-%d-%d", round, rand.IntN(100))))
			_ = os.Remove(filepath.Join(path(rand.IntN(folders)), "file-2.txt"))
		}
	}
	for scan := range 2 {
		killUntilDone(t, data, folder, change)
		i = startIn(t, data)
		c = i.in(c.library)
		rescan(c, added.Location.ID, false)
		compareWithFresh(t, root, folder)
		if scan > 0 {
			break
		}
		change()
		call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: added.Location.ID})
		i.close()
	}
}

// enoughKills is after how many a process may come to its end. contrib/long
// repeats the tests.
const enoughKills = 5

// killUntilDone starts processes that open the data folder, and kills each
// after a moment, until one comes to the end. Between two of them it calls
// meanwhile, if that is not nil. At least one has to be killed.
func killUntilDone(t *testing.T, data, folder string, meanwhile func()) {
	t.Helper()
	kills := 0
	for {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "CORE_TEST_CHILD=index", "CORE_TEST_DATA="+data)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		// The jobs go on from here.
		if _, err := io.ReadFull(stdout, make([]byte, 1)); err != nil {
			t.Fatalf("the child did not open the core: %v", err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		delay := time.Duration(2+rand.IntN(30)+kills*30) * time.Millisecond
		if kills == enoughKills {
			delay = time.Hour
		}
		select {
		case err := <-ended:
			must(t, err)
			if kills == 0 {
				t.Fatal("the first process came to its end, so none was killed")
			}
			t.Logf("%d processes were killed", kills)
			return
		case <-time.After(delay):
			must(t, cmd.Process.Signal(syscall.SIGKILL))
			<-ended
			kills++
			if folder != "" { // of the library that is written
				checkCounters(t, folder)
			}
			if meanwhile != nil {
				meanwhile()
			}
		}
	}
}

// indexUntilKilled opens a data folder, whose jobs go on, and returns once
// they are done.
func indexUntilKilled() {
	c := core.NewWithEvents(core.Options{DataDir: os.Getenv("CORE_TEST_DATA"), Log: zerolog.Nop()}, new(events))
	if err := c.Open(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print("!")
	for c.Busy() {
		time.Sleep(time.Millisecond)
	}
	if err := c.Close(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// compareWithFresh compares a library with one that indexes the same folder
// anew.
func compareWithFresh(t *testing.T, root, folder string) {
	t.Helper()
	compareWithFreshAs(t, root, folder, api.Content)
}

func compareWithFreshAs(t *testing.T, root, folder string, mode api.IndexMode) {
	t.Helper()
	fresh := start(t)
	c := fresh.newLibrary("Fresh")
	add(c, root, mode)
	freshFolder := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	fresh.close()
	if got, want := dump(t, folder), dump(t, freshFolder); got != want {
		t.Fatalf("the index differs from a fresh one:\n%s", diff(got, want))
	}
	checkCounters(t, folder)
}
