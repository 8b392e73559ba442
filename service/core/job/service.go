// Package job runs long work: queued, with progress, paused, resumed and
// cancelled by the user, its checkpoint committed with the work that it
// records, and taken up again after a crash.
//
// A domain that has such work calls Handle once for each kind, and
// Engine.Insert and Engine.Submit for each job.
package job

import (
	"context"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// A Service runs the jobs of all open libraries. It is attached to the library
// manager, and has an engine for each library.
type Service struct {
	log   zerolog.Logger
	kinds map[string]kind // not changed once libraries are open

	mu      sync.Mutex // guards engines; never held during I/O
	engines map[protocol.ID]*Engine
}

// A kind is a sort of work.
type kind struct {
	run    func(context.Context, *Run) (any, error)
	output func([]byte) (any, error) // decodes what run returned
}

// NewService returns a service that knows no kinds of job.
func NewService(log zerolog.Logger) *Service {
	return &Service{log: log, kinds: make(map[string]kind), engines: make(map[protocol.ID]*Engine)}
}

// Handle makes run the work of jobs of the named kind. run goes on from the
// last checkpoint, saves its own, and returns soon after its context has
// ended. What it returns is the job's output.
func Handle[Out any](s *Service, name string, run func(context.Context, *Run) (Out, error)) {
	s.kinds[name] = kind{
		run: func(ctx context.Context, r *Run) (any, error) { return run(ctx, r) },
		output: func(text []byte) (any, error) {
			var out Out
			err := json.Unmarshal(text, &out)
			return out, err
		},
	}
}

// Opened starts the engine of a library, which takes up the jobs that were
// not finished.
func (s *Service) Opened(ctx context.Context, lib *library.Library) error {
	e, err := newEngine(ctx, s, lib)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.engines[lib.ID] = e
	s.mu.Unlock()
	e.schedule()
	return nil
}

// Closing stops a library's jobs at their next checkpoint. They go on when the
// library is opened again.
func (s *Service) Closing(ctx context.Context, lib *library.Library) {
	s.mu.Lock()
	e := s.engines[lib.ID]
	delete(s.engines, lib.ID)
	s.mu.Unlock()
	if e != nil {
		e.close(ctx)
	}
}

// In returns the engine of an open library.
func (s *Service) In(lib *library.Library) (*Engine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.engines[lib.ID]; e != nil {
		return e, nil
	}
	return nil, protocol.Errorf(protocol.CoreUnavailable, "the library %q is being closed", lib.Name())
}

func (s *Service) all() []*Engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Engine, 0, len(s.engines))
	for _, e := range s.engines {
		all = append(all, e)
	}
	return all
}

// Counts counts the unfinished jobs of all libraries, without touching a disk.
func (s *Service) Counts() (c api.JobCounts) {
	for _, e := range s.all() {
		e.mu.Lock()
		for _, j := range e.jobs {
			switch j.status {
			case api.JobRunning:
				c.Running++
			case api.JobQueued:
				c.Queued++
			case api.JobPaused:
				c.Paused++
			}
		}
		e.mu.Unlock()
	}
	return c
}
