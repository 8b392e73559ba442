package job_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func TestJobRunsToItsEnd(t *testing.T) {
	step := make(chan struct{}, 10)
	l := newLab(t, steps(step))
	location := protocol.NewID()
	id := l.start(location)
	for range 10 {
		step <- struct{}{}
	}
	info := l.wait(id, api.JobCompleted)
	var out output
	if err := info.Output.Decode(&out); err != nil || out != (output{10, "not\xffutf-8"}) {
		t.Errorf("output %+v, %v", out, err)
	}
	if info.LibraryID != l.lib.ID || info.LocationID != location || info.TraceID != "starter" || info.Progress.Done != 10 ||
		info.CreatedAt.IsZero() || info.StartedAt.IsZero() || info.FinishedAt.IsZero() || info.Error != nil {
		t.Errorf("%+v", info)
	}
	l.events.await(t, id, api.JobCompleted)
	if got := fmt.Sprint(l.events.statuses(id)); got != "[queued running completed]" {
		t.Errorf("events told of %s", got)
	}
	for _, ev := range l.events.all {
		if ev.Type == api.JobUpdate.Type && (ev.TraceID != "starter" || ev.JobID != id || ev.LocationID != location || ev.LibraryID != l.lib.ID) {
			t.Errorf("event %+v", ev)
		}
	}
	last := l.events.all[len(l.events.all)-1].Data.Interface().(api.JobEvent)
	if last.Output.Interface() != (output{10, "not\xffutf-8"}) {
		t.Errorf("the last event's output: %+v", last.Output.Interface())
	}
}

func TestPanicFailsTheJobAlone(t *testing.T) {
	for name, work := range map[string]func(context.Context, *job.Run) (output, error){
		"in the job": func(context.Context, *job.Run) (output, error) { panic("boom") },
		"in a transaction": func(ctx context.Context, r *job.Run) (output, error) {
			return output{}, r.Library().DB.Write(ctx, func(*store.Tx) error { panic("boom") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, work)
			id := l.start(protocol.ID{})
			info := l.wait(id, api.JobFailed)
			if info.Error == nil || info.Error.Code != protocol.Internal {
				t.Errorf("error %v", info.Error)
			}
			l.set(func(context.Context, *job.Run) (output, error) { return output{}, nil })
			l.wait(l.start(protocol.ID{}), api.JobCompleted)
			l.close()
			if log := l.log.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "run_test.go") || !strings.Contains(log, id.String()) {
				t.Errorf("the log: %s", log)
			}
		})
	}
}

func TestFailureIsTold(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) {
		return output{}, protocol.Errorf(protocol.NotFound, "the thing is gone").WithHint("look for it").With("path", protocol.Path("/\xff"))
	})
	info := l.wait(l.start(protocol.ID{}), api.JobFailed)
	if info.Error.Code != protocol.NotFound || info.Error.Message != "the thing is gone" || info.Error.Hint != "look for it" {
		t.Errorf("%+v", info.Error)
	}
}

func TestFullDiskPausesTheJob(t *testing.T) {
	fail := true
	l := newLab(t, func(context.Context, *job.Run) (output, error) {
		if fail {
			return output{}, fmt.Errorf("write: %w", syscall.ENOSPC)
		}
		return output{Steps: 1}, nil
	})
	id := l.start(protocol.ID{})
	info := l.wait(id, api.JobPaused)
	if info.Error == nil || info.Error.Hint != "free some space, then: spacedrive job resume "+id.String() {
		t.Fatalf("error %+v", info.Error)
	}
	fail = false
	if _, err := call(l, api.JobsResume, api.JobInput{JobID: id}); err != nil {
		t.Fatal(err)
	}
	if info := l.wait(id, api.JobCompleted); info.Error != nil {
		t.Errorf("the error stays: %v", info.Error)
	}
}

func TestProgressIsToldTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		l := newLab(t, func(ctx context.Context, r *job.Run) (output, error) {
			begin := time.Now()
			for i := 0; time.Since(begin) < 350*time.Millisecond; i++ {
				r.Progress(api.Progress{Phase: "count", Done: int64(i), Total: n})
				time.Sleep(time.Millisecond)
			}
			return output{}, nil
		})
		id := l.start(protocol.ID{})
		l.wait(id, api.JobCompleted)
		l.events.mu.Lock()
		defer l.events.mu.Unlock()
		told := 0
		for _, ev := range l.events.all {
			if ev.Type == api.JobUpdate.Type && ev.Data.Interface().(api.JobEvent).Status == api.JobRunning {
				told++
			}
		}
		if told != 4 { // at the start, and after 100, 200 and 300 ms
			t.Errorf("told %d times", told)
		}
	})
}
