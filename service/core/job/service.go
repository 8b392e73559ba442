// Package job runs long work: queued, with progress, paused, resumed and
// cancelled by the user, its checkpoint committed with the work that it
// records, and continued after a crash.
//
// A domain that has such work declares its kind in protocol/api, calls Handle
// once for the kind, and Insert for each job.
package job

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/mounts"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Finished jobs that are kept, the newest of each database.
const (
	keptInLibrary  = 1000
	keptInInstance = 100
)

// Options are what a Service needs.
type Options struct {
	Log    zerolog.Logger
	Events library.Publisher
	// Mounts reads which file systems are mounted. The default is mounts.Read.
	Mounts func() (*mounts.Table, error)
}

// A Service schedules the jobs of an instance: those of its open libraries, and
// the instance's own. Each of these has a Queue, in a database of its own.
type Service struct {
	log     zerolog.Logger
	events  library.Publisher
	mounts  func() (*mounts.Table, error)
	workers map[string]worker // by kind; not changed once a queue is open

	mu      sync.Mutex             // guards the fields below, and those of queues, jobs and runs that say so; never held during I/O
	queues  map[protocol.ID]*Queue // by library; the instance's has the id zero
	orders  uint64                 // given to jobs in the order of their submission
	stopped bool                   // no job may start
}

// A worker runs the jobs of one kind.
type worker struct {
	spec *protocol.JobSpec
	run  func(context.Context, *Run) (any, error)
}

// NewService returns a service that has no workers and no queues.
func NewService(o Options) *Service {
	if o.Mounts == nil {
		o.Mounts = mounts.Read
	}
	return &Service{
		log: o.Log, events: o.Events, mounts: o.Mounts,
		workers: make(map[string]worker), queues: make(map[protocol.ID]*Queue),
	}
}

// Handle makes run the worker of a kind of job. run continues from the last
// checkpoint, saves its own, and returns soon after its context has ended: the
// job is then paused or cancelled, or yields to another and run is called again
// later. The value that run returns is the job's output.
func Handle[In, Out any](s *Service, kind protocol.JobKind[In, Out], run func(context.Context, *Run, In) (Out, error)) {
	s.workers[kind.Kind] = worker{&kind.JobSpec, func(ctx context.Context, r *Run) (any, error) {
		var in In
		if err := protocol.JSON.Unmarshal(r.input, &in); err != nil {
			return nil, err
		}
		return run(ctx, r, in)
	}}
}

// Open starts the instance's own queue, whose unfinished jobs continue.
func (s *Service) Open(ctx context.Context, db *store.DB) error {
	s.mu.Lock()
	s.stopped = false
	s.mu.Unlock()
	return s.open(ctx, &Queue{service: s, db: db, keep: keptInInstance})
}

// Stop stops all jobs of the instance and of its libraries at their next
// checkpoint, and waits for none: a job that does not stop must not take the
// time from the others. No job starts until Open is called.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for _, q := range s.queues {
		q.stop(errStop)
	}
}

// Close stops the instance's own jobs at their next checkpoint. It returns when
// they have stopped, or ctx has ended.
func (s *Service) Close(ctx context.Context) { s.close(ctx, protocol.ID{}) }

// Opened starts the queue of a library, whose unfinished jobs continue.
func (s *Service) Opened(ctx context.Context, lib *library.Library) error {
	return s.open(ctx, &Queue{service: s, db: lib.DB, lib: lib, keep: keptInLibrary})
}

// Closing stops a library's jobs at their next checkpoint. They continue when
// the library is opened again.
func (s *Service) Closing(ctx context.Context, lib *library.Library) { s.close(ctx, lib.ID) }

func (s *Service) open(ctx context.Context, q *Queue) error {
	if err := q.load(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.queues[q.libraryID()] = q
	s.mu.Unlock()
	s.schedule()
	return nil
}

func (s *Service) close(ctx context.Context, library protocol.ID) {
	s.mu.Lock()
	q := s.queues[library]
	if q != nil {
		q.closed = true
		delete(s.queues, library)
	}
	s.mu.Unlock()
	if q != nil {
		q.close(ctx)
		s.schedule() // what waited for its jobs
	}
}

// In returns the queue of an open library, and with nil the instance's own.
func (s *Service) In(lib *library.Library) (*Queue, error) {
	var id protocol.ID
	if lib != nil {
		id = lib.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[id]; q != nil {
		return q, nil
	}
	return nil, (&Queue{lib: lib}).closing()
}

func (s *Service) all() []*Queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Queue, 0, len(s.queues))
	for _, q := range s.queues {
		all = append(all, q)
	}
	return all
}

// Counts counts the unfinished jobs of the instance, without touching a disk.
func (s *Service) Counts() (c api.JobCounts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		for _, j := range q.jobs {
			switch j.status {
			case api.JobRunning:
				c.Running++
			case api.JobQueued:
				c.Queued++
			case api.JobPaused:
				c.Paused++
			}
		}
	}
	return c
}
