package job

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// Why a run is stopped: to give its job another status, or because its queue is
// being closed.
var (
	errInterrupted = errors.New("the job is interrupted")
	errStop        = errors.New("the library is being closed")
)

// schedule starts the queued jobs that may run, and stops the jobs that must
// yield to others. It is called whenever a job has been added or changed.
//
// It takes interactive jobs before background jobs, each in the order of their
// submission. A job does not start while it conflicts with a running job or with
// an earlier one that waits, nor while one of its disks has all the jobs that it
// may have; a place on that disk is kept for it, so every job starts in the end.
// Background jobs in the way of an interactive job yield.
//
// Nothing starts after Stop.
func (s *Service) schedule() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	p := plan{disks: make(map[string]*load)}
	var queued []*job
	for _, q := range s.queues {
		for _, j := range q.jobs {
			switch {
			case j.status == api.JobRunning:
				p.take(j)
			case j.status == api.JobQueued && !j.held:
				queued = append(queued, j)
			}
		}
	}
	slices.SortFunc(queued, func(a, b *job) int {
		if a.background != b.background {
			if a.background {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.order, b.order)
	})
	for _, j := range queued {
		if j.waiting = p.wait(j); j.waiting == nil && j.run == nil {
			j.start()
			p.take(j)
		} else {
			p.waiting = append(p.waiting, j)
		}
	}
}

// A plan is the state of one call of schedule.
type plan struct {
	running []*job
	waiting []*job // in the order in which they will start
	disks   map[string]*load
}

// A load counts the jobs of one disk.
type load struct {
	jobs     int // running
	leaving  int // running, and being stopped
	reserved int // waiting, with a place kept for them
}

func (p *plan) on(d disk) *load {
	if p.disks[d.name] == nil {
		p.disks[d.name] = new(load)
	}
	return p.disks[d.name]
}

// take notes that a job runs.
func (p *plan) take(j *job) {
	p.running = append(p.running, j)
	for _, d := range j.disks {
		p.on(d).jobs++
		if j.run.next != "" {
			p.on(d).leaving++
		}
	}
}

// wait returns what a queued job waits for, or nil. It makes background jobs that
// are in its way yield.
func (p *plan) wait(j *job) (w *api.JobWait) {
	for _, r := range p.running {
		if c, ok := conflict(j, r); ok {
			w = cmp.Or(w, &api.JobWait{Reason: api.WaitJob, Path: c.Path, JobID: r.ID})
			if r.background && !j.background {
				p.yield(r)
			}
		}
	}
	if w != nil {
		return w
	}
	if p.taken(j.disks) {
		return &api.JobWait{Reason: api.WaitDisk, Path: j.disks[0].path}
	}
	for _, r := range p.waiting {
		if c, ok := conflict(j, r); ok {
			return &api.JobWait{Reason: api.WaitJob, Path: c.Path, JobID: r.ID}
		}
	}
	for _, d := range j.disks {
		if on := p.on(d); on.jobs+on.reserved >= d.limit {
			w = cmp.Or(w, &api.JobWait{Reason: api.WaitDisk, Path: d.path})
		}
	}
	if w == nil {
		return nil
	}
	for _, d := range j.disks {
		on := p.on(d)
		on.reserved++
		if !j.background && on.jobs-on.leaving+on.reserved > d.limit {
			p.yieldOn(d)
		}
	}
	return w
}

// taken reports whether all places on disks are kept for earlier jobs. A later job
// then changes nothing, and need not be compared with the waiting jobs, of which
// there may be thousands.
func (p *plan) taken(disks []disk) bool {
	for _, d := range disks {
		if p.on(d).reserved < d.limit {
			return false
		}
	}
	return true
}

// yieldOn makes the background job on a disk yield that was submitted last.
func (p *plan) yieldOn(d disk) {
	var last *job
	for _, r := range p.running {
		uses := slices.ContainsFunc(r.disks, func(other disk) bool { return other.name == d.name })
		if uses && r.background && r.run.next == "" && (last == nil || r.order > last.order) {
			last = r
		}
	}
	if last != nil {
		p.yield(last)
	}
}

func (p *plan) yield(r *job) {
	if r.run.next != "" {
		return
	}
	r.run.interrupt(api.JobQueued)
	for _, d := range r.disks {
		p.on(d).leaving++
	}
}

// start starts a queued job.
func (j *job) start() {
	ctx, stop := context.WithCancelCause(j.queue.ctx)
	j.run = newRun(j, stop)
	j.status, j.err = api.JobRunning, nil
	j.queue.runs.Add(1)
	go j.run.work(ctx)
}
