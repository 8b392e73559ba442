package job

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/mounts"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Queue is the jobs of one database: a library's, or the instance's own.
type Queue struct {
	service *Service
	db      *store.DB
	lib     *library.Library // nil: the instance's own
	keep    int              // finished jobs that are kept

	ctx  context.Context // ends when the queue is closed
	stop context.CancelCauseFunc
	runs sync.WaitGroup

	// Guarded by Service.mu.
	jobs   map[protocol.ID]*job // the unfinished ones
	closed bool
}

// A job is an unfinished job.
type job struct {
	record
	queue      *Queue
	background bool

	// change holds a token while a call changes the job's status, so that
	// such calls follow one another.
	change chan struct{}
	// publishing is held while the job changes and its event is published, so
	// that the events come in the order of the changes. It is locked before
	// Service.mu.
	publishing sync.Mutex

	// Guarded by Service.mu.
	order     uint64
	disks     []disk
	status    api.JobStatus
	progress  api.Progress
	err       *protocol.Error // why the daemon paused it
	waiting   *api.JobWait    // why it is queued
	unsaved   bool            // the status could not be saved in the database
	held      bool            // it must not start, because a call is changing its status
	published bool            // its end was published
	run       *Run            // nil while it does not run
}

// load reads the unfinished jobs from the database.
func (q *Queue) load(ctx context.Context) error {
	// A job that was running when the process ended is queued again. Where the
	// disk is full, the next start of the job saves that.
	err := q.db.Write(ctx, func(tx *store.Tx) error {
		return tx.Exec("UPDATE job SET status = ? WHERE status = ?", string(api.JobQueued), string(api.JobRunning))
	})
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	records, err := unfinished(ctx, q.db)
	if err != nil {
		return err
	}
	q.jobs = make(map[protocol.ID]*job)
	table := q.service.mounted()
	for _, r := range records {
		if r.Status == api.JobRunning {
			r.Status = api.JobQueued
		}
		q.jobs[r.ID] = q.newJob(r, table)
	}
	q.ctx, q.stop = context.WithCancelCause(context.Background())
	return nil
}

func (q *Queue) newJob(r record, table *mounts.Table) *job {
	r.LibraryID = q.libraryID()
	kind, known := q.service.workers[r.Kind]
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	q.service.orders++
	return &job{
		record: r, queue: q, background: !known || kind.spec.Background, change: make(chan struct{}, 1),
		order: q.service.orders, disks: disksOf(table, r.claims), status: r.Status, progress: r.Progress, err: r.Error,
	}
}

func (q *Queue) libraryID() protocol.ID {
	if q.lib == nil {
		return protocol.ID{}
	}
	return q.lib.ID
}

// closing returns the error of a call on a queue that is being closed.
func (q *Queue) closing() error {
	if q.lib == nil {
		return protocol.Errorf(protocol.CoreUnavailable, "the instance is being closed")
	}
	return protocol.Errorf(protocol.CoreUnavailable, "the library %q is being closed", q.lib.Name())
}

// A Spec says what a new job works on, besides its input.
type Spec struct {
	TraceID  string      // of the call that starts it
	Location protocol.ID // that it is listed with; may be zero
	Claims   []Claim
}

// maxUnfinished is how many jobs may be queued, run or be paused in a queue. A
// person has some dozen; a program that adds more than this is not in control of
// what it does, and each job takes about a kilobyte of memory.
var maxUnfinished = 10_000

// Insert queues a job in a transaction of the queue's database. The job may
// start as soon as the transaction is committed.
func Insert[In, Out any](q *Queue, tx *store.Tx, kind protocol.JobKind[In, Out], in In, spec Spec) (protocol.ID, error) {
	r := record{claims: clean(spec.Claims), Job: api.Job{
		ID: protocol.NewID(), Kind: kind.Kind, Status: api.JobQueued, LocationID: spec.Location,
		TraceID: spec.TraceID, CreatedAt: time.Now().UTC(),
	}}
	if err := q.hasRoom(); err != nil {
		return r.ID, err
	}
	if err := r.insert(tx, in); err != nil {
		return r.ID, err
	}
	table := q.service.mounted()
	tx.AfterCommit(func() { q.add(q.newJob(r, table)) })
	return r.ID, nil
}

func (q *Queue) hasRoom() error {
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	if len(q.jobs) < maxUnfinished {
		return nil
	}
	return protocol.Errorf(protocol.Busy, "%d jobs have not finished yet; no more are taken", len(q.jobs)).
		WithHint("wait until some have finished, or cancel those that are paused: spacedrive job list")
}

// Start queues a job in a transaction of its own.
func Start[In, Out any](ctx context.Context, q *Queue, kind protocol.JobKind[In, Out], in In, spec Spec) (id protocol.ID, err error) {
	err = q.db.Write(ctx, func(tx *store.Tx) error {
		id, err = Insert(q, tx, kind, in, spec)
		return err
	})
	return id, err
}

func (q *Queue) add(j *job) {
	s := q.service
	s.mu.Lock()
	if !q.closed { // else it starts when the queue is opened next
		q.jobs[j.ID] = j
	}
	s.mu.Unlock()
	j.publish()
	s.schedule()
}

// close stops all jobs and waits until they have stopped or ctx has ended.
func (q *Queue) close(ctx context.Context) {
	q.stop(errStop)
	done := make(chan struct{})
	go func() {
		q.runs.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		if !q.running() {
			return // what is left of the runs is quick
		}
		q.service.log.Warn().Stringer("library_id", q.libraryID()).Msg("a job did not stop in time; it continues from its last checkpoint at the next start")
	}
}

func (q *Queue) running() bool {
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	for _, j := range q.jobs {
		if j.run != nil {
			return true
		}
	}
	return false
}

// Working reports whether a job on the location is running.
func (q *Queue) Working(location protocol.ID) bool {
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	for _, j := range q.jobs {
		if j.LocationID == location && j.status == api.JobRunning {
			return true
		}
	}
	return false
}

// publish publishes the job's status and progress.
func (j *job) publish() { j.publishAfter(protocol.Value{}, func() bool { return true }) }

// publishAfter changes a job and publishes it, with its output if it has
// completed. If change returns false, it publishes nothing and returns false.
func (j *job) publishAfter(output protocol.Value, change func() bool) bool {
	j.publishing.Lock()
	defer j.publishing.Unlock()
	q := j.queue
	q.service.mu.Lock()
	if !change() {
		q.service.mu.Unlock()
		return false
	}
	data := api.JobEvent{Kind: j.Kind, Status: j.status, Progress: j.progress, Error: j.err, Output: output}
	over := j.published
	j.published = j.status.Finished()
	q.service.mu.Unlock()
	if !over {
		ev := api.JobUpdate.New(data)
		ev.LibraryID, ev.LocationID, ev.JobID, ev.TraceID = j.LibraryID, j.LocationID, j.ID, j.TraceID
		q.service.events.Publish(ev)
	}
	return true
}

// shrink returns memory that the jobs used to the system when no job is left, so
// that an idle daemon stays small.
func (q *Queue) shrink() {
	if q.ctx.Err() != nil {
		return // the queue is being closed, which waits for this
	}
	if c := q.service.Counts(); c.Running+c.Queued == 0 {
		q.db.Relax()
		debug.FreeOSMemory()
	}
}
