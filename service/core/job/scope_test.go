package job_test

import (
	"context"
	"slices"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// newLibrary makes a further library.
func (l *lab) newLibrary(name string) *library.Library {
	l.t.Helper()
	out, err := call(l, api.LibrariesCreate, api.LibraryCreateInput{Name: name})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, lib := range l.manager.All() {
		if lib.ID == out.ID {
			return lib
		}
	}
	l.t.Fatal("the library is not there")
	return nil
}

func ids(jobs []api.Job) (all []protocol.ID) {
	for _, j := range jobs {
		all = append(all, j.ID)
	}
	return all
}

func TestJobsOfTheInstanceAndOfOneLibrary(t *testing.T) {
	l, g := newScheduleLab(t)
	work := l.newLibrary("Work")
	none := protocol.ID{}
	at := func(i int) job.Claim { return writes("/p/" + string(rune('a'+i))) }
	home := l.insert(l.lib, foreground, none, at(0))
	own := l.insert(nil, foreground, none, at(1))
	other := l.insert(work, foreground, none, at(2))

	for _, tt := range []struct {
		name    string
		library protocol.ID
		in      api.JobListInput
		want    []protocol.ID
	}{
		{"all", none, api.JobListInput{}, []protocol.ID{other, own, home}},
		{"a library's", l.lib.ID, api.JobListInput{}, []protocol.ID{home}},
		{"some of all", none, api.JobListInput{IDs: []protocol.ID{home, protocol.NewID(), own}}, []protocol.ID{own, home}},
		{"some of a library's", work.ID, api.JobListInput{IDs: []protocol.ID{home, other}}, []protocol.ID{other}},
		{"those of a kind", none, api.JobListInput{Kind: "background"}, nil},
	} {
		page, err := callIn(l, tt.library, api.JobsList, tt.in)
		if err != nil || !slices.Equal(ids(page.Jobs), tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.name, ids(page.Jobs), err, tt.want)
		}
	}
	session := new(registry.Session)
	session.SetLibrary(work.ID)
	page, err := run(&registry.Call{Context: t.Context(), Session: session}, l, api.JobsList, api.JobListInput{})
	if err != nil || len(page.Jobs) != 3 {
		t.Errorf("the connection's library narrows the list to %v, %v", ids(page.Jobs), err)
	}

	if info := l.info(own); info.LibraryID != none {
		t.Errorf("the instance's job is of library %s", info.LibraryID)
	}
	if info := l.info(other); info.LibraryID != work.ID {
		t.Errorf("the library's job is of library %s", info.LibraryID)
	}
	_, err = callIn(l, l.lib.ID, api.JobsInfo, api.JobInfoInput{JobID: other})
	wantCode(t, err, protocol.NotFound)
	_, err = callIn(l, protocol.NewID(), api.JobsList, api.JobListInput{})
	wantCode(t, err, protocol.NotFound)

	for _, id := range []protocol.ID{home, own, other} {
		for _, op := range []protocol.Operation[api.JobInput, api.Job]{api.JobsPause, api.JobsResume} {
			if _, err := call(l, op, api.JobInput{JobID: id}); err != nil {
				t.Error(err)
			}
		}
	}
	_, err = callIn(l, work.ID, api.JobsPause, api.JobInput{JobID: own})
	wantCode(t, err, protocol.NotFound)
	for _, id := range []protocol.ID{home, own, other} {
		g.open(id)
		l.wait(id, api.JobCompleted)
	}
	l.events.await(t, own, api.JobCompleted)
	for _, ev := range l.events.all {
		if ev.JobID == own && ev.LibraryID != none {
			t.Errorf("event %+v", ev)
		}
	}
}

func TestPagesGoThroughAllDatabases(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	work := l.newLibrary("Work")
	var want []protocol.ID
	for i := range 30 {
		lib := []*library.Library{l.lib, nil, work}[i%3]
		want = append(want, l.insert(lib, foreground, protocol.ID{}))
	}
	slices.Reverse(want)
	var got []protocol.ID
	in := api.JobListInput{Page: api.Page{Limit: 7}}
	for {
		page, err := call(l, api.JobsList, in)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ids(page.Jobs)...)
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d jobs, want %d:\n%v\n%v", len(got), len(want), got, want)
	}
	all, err := call(l, api.JobsList, api.JobListInput{IDs: append(make([]protocol.ID, 200), want...)})
	if err != nil || len(all.Jobs) != len(want) || all.NextCursor != "" {
		t.Errorf("by id %d, %v", len(all.Jobs), err)
	}
	_, err = call(l, api.JobsList, api.JobListInput{IDs: make([]protocol.ID, 1001)})
	wantCode(t, err, protocol.Validation)
}

func TestTheInstancesJobsOutliveIt(t *testing.T) {
	step := make(chan struct{})
	l := newLab(t, steps(step))
	runs := l.insert(nil, foreground, protocol.ID{}, writes("/a"))
	step <- struct{}{}
	waits := l.insert(nil, foreground, protocol.ID{}, writes("/a"))
	paused := l.insert(nil, foreground, protocol.ID{}, writes("/a"))
	if _, err := call(l, api.JobsPause, api.JobInput{JobID: paused}); err != nil {
		t.Fatal(err)
	}
	for l.info(runs).Progress.Done == 0 {
	}
	l.close()
	l.open()
	l.wait(runs, api.JobRunning)
	l.waits(waits, api.WaitJob, "/a", runs) // so its claims were kept
	if s := l.info(paused).Status; s != api.JobPaused {
		t.Errorf("what was paused is %s", s)
	}
	for range 9 + 10 {
		step <- struct{}{}
	}
	for _, id := range []protocol.ID{runs, waits} {
		var out output
		if err := l.wait(id, api.JobCompleted).Output.Decode(&out); err != nil || out.Steps != 10 {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

func TestTheInstanceKeepsAHundredJobs(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	err := l.db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 150 {
			err := tx.Exec("INSERT INTO job (uuid, kind, status, trace_id, input, created_at) VALUES (?, 'test', 'failed', '', '{}', ?)", protocol.NewID(), i)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.wait(l.insert(nil, foreground, protocol.ID{}), api.JobCompleted)
	if page, err := call(l, api.JobsList, api.JobListInput{Page: api.Page{Limit: 1000}}); err != nil || len(page.Jobs) != 100 {
		t.Errorf("%d are kept, %v", len(page.Jobs), err)
	}
}
