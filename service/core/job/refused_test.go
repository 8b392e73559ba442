package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// What is left after a call was refused, timed out, or came at a bad moment.

// A call whose time is over must not say that the job does not exist.
func TestACallThatTimesOutSaysSo(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	id := l.start(protocol.ID{})
	l.wait(id, api.JobCompleted)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := callContext(ctx, l, api.JobsInfo, api.JobInfoInput{JobID: id}); !errors.Is(err, context.Canceled) {
			t.Fatalf("%v", err)
		}
	}
}

// block keeps a library's database from answering, as a dead disk does, until
// the function that it returns is called.
func block(t *testing.T, lib *library.Library) (release func()) {
	t.Helper()
	const readers = 4
	reads, blocked, end := new(sync.WaitGroup), make(chan struct{}), make(chan struct{})
	for range readers {
		reads.Go(func() {
			err := lib.DB.Read(context.Background(), func(*sqlite.Conn) error {
				blocked <- struct{}{}
				<-end
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range readers {
		<-blocked
	}
	return func() { close(end); reads.Wait() }
}

func TestALibraryThatDoesNotAnswerHoldsUpNoOthersJobs(t *testing.T) {
	l, _ := newScheduleLab(t)
	var releases []func()
	for n := range 5 {
		releases = append(releases, block(t, l.newLibrary(fmt.Sprint(n))))
	}
	defer func() {
		for _, release := range releases {
			release()
		}
	}()
	id := l.start(protocol.ID{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, op := range []protocol.Operation[api.JobInput, api.Job]{api.JobsPause, api.JobsResume, api.JobsCancel} {
		if j, err := callContext(ctx, l, op, api.JobInput{JobID: id}); err != nil || j.ID != id {
			t.Fatalf("%s: %+v, %v", op.Name, j, err)
		}
	}
}

// Libraries are made and deleted while the jobs of all are listed.
func TestALibraryThatIsClosedIsLeftOutOfTheList(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	ctx, cancel := context.WithCancel(t.Context())
	var listers sync.WaitGroup
	for range 2 {
		listers.Go(func() {
			for ctx.Err() == nil {
				if _, err := call(l, api.JobsList, api.JobListInput{}); err != nil {
					t.Error(err)
					return
				}
				if _, err := call(l, api.JobsInfo, api.JobInfoInput{JobID: protocol.NewID()}); !protocol.HasCode(err, protocol.NotFound) {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range 10 {
		lib := l.newLibrary(fmt.Sprint(n))
		if _, err := callIn(l, lib.ID, api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: true}); err != nil {
			t.Error(err)
		}
	}
	cancel()
	listers.Wait()
}

// A database that cannot be read does not hide the jobs of the others, and a job
// that may be in it is not said to be unknown.
func TestADamagedDatabaseHidesNoOthersJobs(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	id := l.start(protocol.ID{})
	l.wait(id, api.JobCompleted)
	bad := l.newLibrary("Bad")
	err := bad.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec("ALTER TABLE job RENAME TO lost") })
	if err != nil {
		t.Fatal(err)
	}
	if page, err := call(l, api.JobsList, api.JobListInput{}); err != nil || !slices.Equal(ids(page.Jobs), []protocol.ID{id}) {
		t.Errorf("%v, %v", page, err)
	}
	if l.info(id).ID != id {
		t.Error("it is not found")
	}
	if _, err := call(l, api.JobsInfo, api.JobInfoInput{JobID: protocol.NewID()}); err == nil || protocol.HasCode(err, protocol.NotFound) {
		t.Errorf("a job that may be in the database: %v", err)
	}
}

// The newest jobs that are kept are those that ended last: the result of a long
// job is there when it is done, however many short ones came in between.
func TestALongJobIsKeptWhenItIsDone(t *testing.T) {
	l, g := newScheduleLab(t)
	long := l.insert(nil, foreground, protocol.ID{}, writes("/p/long"))
	queued := l.insert(nil, foreground, protocol.ID{}, writes("/p/long"))
	err := l.db.Write(t.Context(), func(tx *store.Tx) error {
		for range 150 {
			err := tx.Exec("INSERT INTO job (uuid, kind, status, trace_id, input, created_at, finished_at) VALUES (?, 'test', 'failed', '', '{}', 1, ?)", protocol.NewID(), time.Now())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if j, err := call(l, api.JobsCancel, api.JobInput{JobID: queued}); err != nil || j.ID != queued || j.Status != api.JobCancelled {
		t.Errorf("cancelled: %+v, %v", j, err)
	}
	g.open(long)
	l.wait(long, api.JobCompleted)
}

// fail makes the database refuse to give a job a status, until the function that
// it returns is called.
func (l *lab) fail(status api.JobStatus) (repair func()) {
	l.t.Helper()
	exec := func(query string) {
		l.t.Helper()
		if err := l.lib.DB.Write(context.Background(), func(tx *store.Tx) error { return tx.Exec(query) }); err != nil {
			l.t.Fatal(err)
		}
	}
	exec("CREATE TRIGGER refuse BEFORE UPDATE OF status ON job WHEN NEW.status IN ('" + string(status) + "', 'paused') BEGIN SELECT RAISE(ABORT, 'refused'); END")
	return func() { exec("DROP TRIGGER refuse") }
}

// A job whose end could not be saved is paused, in memory alone. When the user
// pauses it, it stays so over a restart.
func TestAPauseOfAJobThatCouldNotBeSavedIsSaved(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	repair := l.fail(api.JobCompleted)
	id := l.start(protocol.ID{})
	info := l.wait(id, api.JobPaused)
	if info.Error == nil || info.Error.Hint != "to try again: spacedrive job resume "+id.String() {
		t.Errorf("why it is paused: %+v", info.Error)
	}
	repair()
	if j, err := call(l, api.JobsPause, api.JobInput{JobID: id}); err != nil || j.Status != api.JobPaused {
		t.Fatalf("%+v, %v", j, err)
	}
	l.close()
	l.open()
	if s := l.info(id).Status; s != api.JobPaused {
		t.Errorf("after a restart it is %s", s)
	}
}

// A library's jobs reach a checkpoint also when one of the instance's does not
// stop.
func TestAJobThatDoesNotStopHoldsUpNoOther(t *testing.T) {
	release := make(chan struct{})
	stopped := make(chan protocol.ID, 2)
	var own protocol.ID
	var mu sync.Mutex
	started := make(chan struct{}, 2)
	l := newLab(t, func(ctx context.Context, r *job.Run) (output, error) {
		started <- struct{}{}
		<-ctx.Done()
		mu.Lock()
		stuck := r.ID == own
		mu.Unlock()
		if stuck {
			<-release // a system call on a dead disk
		}
		stopped <- r.ID
		return output{}, context.Cause(ctx)
	})
	mu.Lock()
	own = l.insert(nil, foreground, protocol.ID{})
	mu.Unlock()
	other := l.start(protocol.ID{})
	<-started
	<-started
	closed := make(chan struct{})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	go func() {
		defer close(closed)
		l.jobs.Stop()
		l.jobs.Close(ctx)
	}()
	select {
	case id := <-stopped:
		if id != other {
			t.Error("the stuck one stopped")
		}
	case <-closed:
		t.Error("the library's job was not stopped")
	}
	close(release)
	<-closed
}

func TestAQueueTakesSoManyJobsAndNoMore(t *testing.T) {
	l, _ := newScheduleLab(t)
	t.Cleanup(job.SetMaxUnfinished(3))
	var ids []protocol.ID
	for range 3 {
		ids = append(ids, l.start(protocol.ID{1}))
	}
	q, err := l.jobs.In(l.lib)
	if err != nil {
		t.Fatal(err)
	}
	insert := func() error {
		return l.lib.DB.Write(t.Context(), func(tx *store.Tx) error {
			_, err := job.Insert(q, tx, foreground, input{3}, job.Spec{})
			return err
		})
	}
	if wire := wantCode(t, insert(), protocol.Busy); wire.Hint == "" {
		t.Error("no hint")
	}
	if page, err := call(l, api.JobsList, api.JobListInput{}); err != nil || len(page.Jobs) != 3 {
		t.Errorf("%d jobs, %v", len(page.Jobs), err)
	}
	if _, err := call(l, api.JobsCancel, api.JobInput{JobID: ids[2]}); err != nil {
		t.Fatal(err)
	}
	if err := insert(); err != nil {
		t.Error(err)
	}
}

// BenchmarkQueueing adds jobs behind two thousand that wait for their disk.
func BenchmarkQueueing(b *testing.B) {
	l, _ := newScheduleLab(b)
	for i := range 2000 {
		l.insert(nil, foreground, protocol.ID{}, writes(fmt.Sprint("/p/waiting/", i)))
	}
	for i := 0; b.Loop(); i++ {
		l.insert(nil, foreground, protocol.ID{}, writes(fmt.Sprint("/p/new/", i)))
	}
}

// A page of jobs or warnings ends before it outgrows a message.
func TestAPageOfLongPathsFitsIntoAMessage(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	const many, long = 3000, 4000
	path := "/" + strings.Repeat("\xff", long)
	failure := protocol.Errorf(protocol.OperationFailed, "cannot read %s", path).With("path", protocol.Path(path))
	text, err := protocol.JSON.Marshal(failure)
	if err != nil {
		t.Fatal(err)
	}
	id := l.start(protocol.ID{})
	l.wait(id, api.JobCompleted)
	err = l.lib.DB.Write(t.Context(), func(tx *store.Tx) error {
		row, err := store.Int(tx.Conn, "SELECT id FROM job")
		for i := range many {
			if err == nil {
				err = tx.Exec("INSERT INTO job (uuid, kind, status, trace_id, input, error, created_at, finished_at) VALUES (?, 'test', 'failed', '', '{}', ?, ?, 1)", protocol.NewID(), string(text), i)
			}
			if err == nil {
				err = tx.Exec("INSERT INTO job_warning (job, number, path, code, message) VALUES (?, ?, ?, 'operation_failed', ?)", row, i+1, protocol.Path(path), failure.Message)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	jobs, warnings := 0, 0
	page := api.Page{Limit: 10_000}
	for {
		out, err := call(l, api.JobsList, api.JobListInput{Page: page})
		if err != nil {
			t.Fatal(err)
		}
		fits(t, out)
		jobs += len(out.Jobs)
		if page.Cursor = out.NextCursor; page.Cursor == "" {
			break
		}
	}
	for {
		out, err := call(l, api.JobsInfo, api.JobInfoInput{JobID: id, Page: page})
		if err != nil {
			t.Fatal(err)
		}
		fits(t, out)
		warnings += len(out.WarningList)
		if page.Cursor = out.NextCursor; page.Cursor == "" {
			break
		}
	}
	if jobs != many+1 || warnings != many {
		t.Errorf("%d jobs and %d warnings", jobs, warnings)
	}
}

func fits(t *testing.T, out any) {
	t.Helper()
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		text, err := enc.Marshal(out)
		if err != nil || len(text) > protocol.MaxFrame {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}
}
