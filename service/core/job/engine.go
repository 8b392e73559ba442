package job

import (
	"context"
	"errors"
	"runtime/debug"
	"sort"
	"sync"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// maxRunning is how many of a library's jobs run at once: one that reads many
// small things and one that reads a few big ones get on well.
const maxRunning = 2

// Why a run is told to stop.
var (
	errPause  = errors.New("paused by the user")
	errCancel = errors.New("cancelled by the user")
	errStop   = errors.New("the library is being closed")
)

// An Engine runs one library's jobs.
type Engine struct {
	service *Service
	lib     *library.Library

	ctx  context.Context // ends when the library is closed
	stop context.CancelCauseFunc
	runs sync.WaitGroup

	// tell is held while an event is made and published, so that a job's
	// events come in the order of what they tell, and its end comes last.
	// It is taken before mu.
	tell sync.Mutex

	mu     sync.Mutex // guards the fields below and those of each job; never held during I/O
	jobs   map[protocol.ID]*job
	closed bool
}

// A job is one that has not finished.
type job struct {
	record
	// change holds a token while a call changes the job's status, so that
	// such calls follow one another.
	change chan struct{}

	// Guarded by Engine.mu.
	status   api.JobStatus
	progress api.Progress
	err      *protocol.Error // why the daemon paused it
	unsaved  bool            // the database could not take the status
	held     bool            // queued, and not to be started just now
	told     bool            // whether its end was published
	stop     context.CancelCauseFunc
	ended    chan struct{} // closed when the run has ended and its status is settled
}

func newEngine(ctx context.Context, s *Service, lib *library.Library) (*Engine, error) {
	e := &Engine{service: s, lib: lib, jobs: make(map[protocol.ID]*job)}
	// A job that was running when the process ended waits its turn again.
	err := lib.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Exec("UPDATE job SET status = ? WHERE status = ?", string(api.JobQueued), string(api.JobRunning))
	})
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return nil, err
	}
	records, err := unfinished(ctx, lib.DB)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if r.Status == api.JobRunning {
			r.Status = api.JobQueued
		}
		e.jobs[r.ID] = newJob(r)
	}
	e.ctx, e.stop = context.WithCancelCause(context.Background())
	return e, nil
}

func newJob(r record) *job {
	return &job{record: r, change: make(chan struct{}, 1), status: r.Status, progress: r.Progress, err: r.Error}
}

// A Spec says what a new job does.
type Spec struct {
	Kind     string
	Location protocol.ID // that it works on; one job works on a location at a time
	Input    any
}

// A Pending job is in a transaction that is still to be committed.
type Pending struct{ record }

// Insert puts a job into the queue as part of a transaction. Once that is
// committed, Submit lets it start.
func (e *Engine) Insert(tx *store.Tx, traceID string, s Spec) (*Pending, error) {
	input, err := protocol.JSON.Marshal(s.Input)
	if err != nil {
		return nil, err
	}
	r := record{Job: api.Job{
		ID: protocol.NewID(), Kind: s.Kind, Status: api.JobQueued, LibraryID: e.lib.ID, LocationID: s.Location,
		TraceID: traceID, CreatedAt: time.Now().UTC(),
	}}
	err = tx.Exec("INSERT INTO job (uuid, kind, status, location, trace_id, input, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Kind, string(r.Status), r.LocationID, r.TraceID, string(input), r.CreatedAt)
	r.row = tx.Conn.LastInsertRowID()
	return &Pending{r}, err
}

// Submit lets a job that Insert queued start when its turn comes.
func (e *Engine) Submit(p *Pending) protocol.ID {
	j := newJob(p.record)
	e.mu.Lock()
	if !e.closed {
		e.jobs[j.ID] = j
	}
	e.mu.Unlock()
	e.publish(j)
	e.schedule()
	return j.ID
}

// schedule starts the oldest queued jobs for which there is room.
func (e *Engine) schedule() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	running := 0
	busy := make(map[protocol.ID]bool)
	var queue []*job
	for _, j := range e.jobs {
		switch {
		case j.status == api.JobRunning:
			running++
			busy[j.LocationID] = true
		case j.status == api.JobQueued && !j.held:
			queue = append(queue, j)
		}
	}
	sort.Slice(queue, func(a, b int) bool { return queue[a].row < queue[b].row })
	for _, j := range queue {
		if running == maxRunning {
			return
		}
		if j.LocationID != (protocol.ID{}) && busy[j.LocationID] {
			continue
		}
		running++
		busy[j.LocationID] = true
		ctx, stop := context.WithCancelCause(e.ctx)
		j.status, j.err, j.stop, j.ended = api.JobRunning, nil, stop, make(chan struct{})
		e.runs.Add(1)
		go e.run(ctx, j)
	}
}

// close stops all jobs and waits for their ends, or for the end of ctx.
func (e *Engine) close(ctx context.Context) {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop(errStop)
	done := make(chan struct{})
	go func() {
		e.runs.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		e.service.log.Warn().Stringer("library_id", e.lib.ID).Msg("a job did not stop in time; it is given up, and goes on from its last checkpoint")
	}
}

// Working reports whether a job on the location is running.
func (e *Engine) Working(location protocol.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, j := range e.jobs {
		if j.LocationID == location && j.status == api.JobRunning {
			return true
		}
	}
	return false
}

// publish tells of a job's status and progress.
func (e *Engine) publish(j *job) { e.publishAfter(j, protocol.Value{}, func() {}) }

// publishAfter changes a job and tells of it, with the output of one that has
// completed.
func (e *Engine) publishAfter(j *job, output protocol.Value, change func()) {
	e.tell.Lock()
	defer e.tell.Unlock()
	e.mu.Lock()
	change()
	data := api.JobEvent{Kind: j.Kind, Status: j.status, Progress: j.progress, Error: j.err, Output: output}
	over := j.told
	j.told = j.status.Finished()
	e.mu.Unlock()
	if over {
		return
	}
	ev := api.JobUpdate.New(data)
	ev.LocationID, ev.JobID, ev.TraceID = j.LocationID, j.ID, j.TraceID
	e.lib.Publish(e.ctx, ev)
}

// relax gives memory that the jobs used back to the system once none is
// running, so that an idle daemon stays small.
func (e *Engine) relax() {
	if c := e.service.Counts(); c.Running+c.Queued == 0 {
		e.lib.DB.Relax()
		debug.FreeOSMemory()
	}
}
