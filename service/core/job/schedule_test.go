package job_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/mounts"
)

// gates let each job end when the test says so. A job that is stopped ends at
// once.
type gates struct {
	mu  sync.Mutex
	all map[protocol.ID]chan struct{}
}

func (g *gates) of(id protocol.ID) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = make(map[protocol.ID]chan struct{})
	}
	if g.all[id] == nil {
		g.all[id] = make(chan struct{})
	}
	return g.all[id]
}

func (g *gates) work(ctx context.Context, r *job.Run) (output, error) {
	select {
	case <-g.of(r.ID):
		return output{}, nil
	case <-ctx.Done():
		return output{}, context.Cause(ctx)
	}
}

func (g *gates) open(id protocol.ID) { close(g.of(id)) }

// disks has a disk, a second one, and a file server that takes two jobs at once.
func disks() *mounts.Table {
	return mounts.New(
		mounts.Mount{Point: "/", Type: "ext4", Source: "/dev/a"},
		mounts.Mount{Point: "/other", Type: "ext4", Source: "/dev/b"},
		mounts.Mount{Point: "/net", Type: "nfs4", Source: "server:/export"},
	)
}

func newScheduleLab(t testing.TB) (*lab, *gates) {
	g := new(gates)
	return newLabOn(t, disks(), g.work), g
}

func writes(path string) job.Claim { return job.Claim{Path: protocol.Path(path), Write: true} }
func reads(path string) job.Claim  { return job.Claim{Path: protocol.Path(path)} }

func (l *lab) front(claims ...job.Claim) protocol.ID {
	l.t.Helper()
	return l.insert(l.lib, foreground, protocol.ID{}, claims...)
}

func (l *lab) back(claims ...job.Claim) protocol.ID {
	l.t.Helper()
	return l.insert(l.lib, background, protocol.ID{}, claims...)
}

// waits checks that a job is queued, and for what.
func (l *lab) waits(id protocol.ID, reason api.JobWaitReason, path string, other protocol.ID) {
	l.t.Helper()
	info := l.info(id)
	if w := info.WaitingFor; info.Status != api.JobQueued || w == nil || *w != (api.JobWait{Reason: reason, Path: api.Path(path), JobID: other}) {
		l.t.Errorf("the job is %s and waits for %+v; want %s %s %s", info.Status, w, reason, path, other)
	}
}

func TestWhatConflictsWaitsInOrder(t *testing.T) {
	l, g := newScheduleLab(t)
	first := l.front(writes("/a"))
	all := l.front(reads("/"))    // waits for the first
	late := l.front(writes("/b")) // conflicts with the second alone, and comes after it
	free := l.front(reads("/other/x"), reads("/c"))
	l.wait(first, api.JobRunning)
	l.wait(free, api.JobRunning)
	l.waits(all, api.WaitJob, "/", first)
	l.waits(late, api.WaitJob, "/b", all)
	g.open(first)
	l.wait(all, api.JobRunning)
	l.waits(late, api.WaitJob, "/b", all)
	g.open(all)
	l.wait(late, api.JobRunning)
	if w := l.info(late).WaitingFor; w != nil {
		t.Errorf("it runs, and waits for %+v", w)
	}
}

func TestACopyRunsBesideTheScanOfItsFolder(t *testing.T) {
	l, _ := newScheduleLab(t)
	location := protocol.NewID()
	scan := l.insert(l.lib, background, location, job.Claim{Location: location, Path: "/data", Write: true})
	again := l.insert(l.lib, background, location, job.Claim{Location: location, Path: "/data", Write: true})
	l.wait(scan, api.JobRunning)
	files := l.front(reads("/src"), writes("/data/in"))
	l.wait(files, api.JobRunning)
	if s := l.info(scan).Status; s != api.JobRunning {
		t.Errorf("the scan is %s", s)
	}
	l.waits(again, api.WaitJob, "/data", scan)
}

func TestHowManyRunDependsOnTheDisk(t *testing.T) {
	for _, tt := range []struct {
		path  string
		limit int
	}{{"/net/%d", 2}, {"/d%d", 4}, {"", 4}} {
		t.Run(tt.path, func(t *testing.T) {
			l, g := newScheduleLab(t)
			var ids []protocol.ID
			for i := range tt.limit + 1 {
				var claims []job.Claim
				if tt.path != "" {
					claims = []job.Claim{writes(fmt.Sprintf(tt.path, i))}
				}
				ids = append(ids, l.front(claims...))
			}
			for _, id := range ids[:tt.limit] {
				l.wait(id, api.JobRunning)
			}
			path := tt.path
			if path != "" {
				path = fmt.Sprintf(path, tt.limit)
			}
			l.waits(ids[tt.limit], api.WaitDisk, path, protocol.ID{})
			if c := l.jobs.Counts(); c != (api.JobCounts{Running: tt.limit, Queued: 1}) {
				t.Errorf("counts %+v", c)
			}
			l.wait(l.front(writes("/other/x")), api.JobRunning) // on another disk
			g.open(ids[0])
			l.wait(ids[tt.limit], api.JobRunning)
		})
	}
}

// A job that uses two disks gets its turn though each of them alone is never
// without others that want it.
func TestAPlaceIsKeptForAJobThatUsesTwoDisks(t *testing.T) {
	l, g := newScheduleLab(t)
	a, b := l.front(writes("/net/a")), l.front(writes("/net/b"))
	both := l.front(reads("/net/c"), writes("/other/c"))
	l.waits(both, api.WaitDisk, "/net/c", protocol.ID{})
	var others []protocol.ID
	for i := range 4 {
		others = append(others, l.front(writes(fmt.Sprintf("/other/%d", i))))
	}
	for _, id := range others[:3] {
		l.wait(id, api.JobRunning)
	}
	l.waits(others[3], api.WaitDisk, "/other/3", protocol.ID{})
	g.open(a)
	l.wait(both, api.JobRunning)
	l.waits(others[3], api.WaitDisk, "/other/3", protocol.ID{})
	l.wait(b, api.JobRunning)
}

func TestBackgroundJobsYield(t *testing.T) {
	for name, tt := range map[string]struct {
		back  [2]job.Claim
		front job.Claim
		// which of the two has to go
		goes int
	}{
		"for a place":  {[2]job.Claim{writes("/net/a"), writes("/net/b")}, writes("/net/c"), 1},
		"for a claim":  {[2]job.Claim{writes("/a"), writes("/b")}, writes("/a/x"), 0},
		"for a claim2": {[2]job.Claim{reads("/a"), writes("/b")}, writes("/b"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			step := make(chan struct{})
			l, g := newScheduleLab(t)
			l.behind = steps(step)
			var ids []protocol.ID
			for _, c := range tt.back {
				id := l.back(c)
				l.wait(id, api.JobRunning)
				ids = append(ids, id)
			}
			stays, goes := ids[1-tt.goes], ids[tt.goes]
			sent := int64(0)
			for sent < 3 || l.info(goes).Progress.Done == 0 {
				step <- struct{}{}
				sent++
				for l.info(goes).Progress.Done+l.info(stays).Progress.Done < sent {
				}
			}
			front := l.front(tt.front)
			l.wait(front, api.JobRunning)
			if s := l.info(stays).Status; s != api.JobRunning {
				t.Errorf("the other is %s", s)
			}
			done := l.info(goes).Progress.Done
			if s := l.info(goes).Status; s != api.JobQueued || done == 0 {
				t.Errorf("what has to go is %s, %d are done", s, done)
			}
			g.open(front)
			l.wait(goes, api.JobRunning)
			for range 20 - sent { // each step is done once: one more would block, one less is missed
				step <- struct{}{}
			}
			for _, id := range ids {
				l.wait(id, api.JobCompleted)
			}
			l.events.await(t, goes, api.JobCompleted)
			if got := fmt.Sprint(l.events.statuses(goes)); got != "[queued running queued running completed]" {
				t.Errorf("events say %s", got)
			}
		})
	}
}

func TestBackgroundJobsDoNotYieldToEachOther(t *testing.T) {
	l, g := newScheduleLab(t)
	first := l.back(writes("/net/a"))
	second := l.back(writes("/net/b"))
	third := l.back(writes("/net/c"))
	l.wait(first, api.JobRunning)
	l.wait(second, api.JobRunning)
	l.waits(third, api.WaitDisk, "/net/c", protocol.ID{})
	g.open(first)
	l.wait(third, api.JobRunning)
	for _, id := range []protocol.ID{first, second, third} {
		for _, s := range l.events.statuses(id)[1:] {
			if s == api.JobQueued {
				t.Errorf("%s yielded", id)
			}
		}
	}
}

// A job that is about to be paused is not queued again for making room.
func TestAPausedJobDoesNotYield(t *testing.T) {
	started, stopping, stop := make(chan struct{}), make(chan struct{}), make(chan struct{})
	l, g := newScheduleLab(t)
	l.behind = func(ctx context.Context, r *job.Run) (output, error) {
		close(started)
		<-ctx.Done()
		close(stopping)
		<-stop
		return output{}, context.Cause(ctx)
	}
	back := l.back(writes("/a"))
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-stopping
		cancel()
	}()
	if _, err := callContext(ctx, l, api.JobsPause, api.JobInput{JobID: back}); err != context.Canceled {
		t.Fatal(err)
	}
	front := l.front(writes("/a"))
	l.waits(front, api.WaitJob, "/a", back)
	close(stop)
	l.wait(front, api.JobRunning)
	g.open(front)
	l.wait(front, api.JobCompleted)
	if s := l.info(back).Status; s != api.JobPaused {
		t.Errorf("it is %s", s)
	}
}
