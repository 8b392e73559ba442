package location

import (
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// queue adds a job that reads a location, or parts of it.
func (s *Service) queue(ctx context.Context, jobs *job.Queue, tx *store.Tx, l *Location, in api.IndexInput) (protocol.ID, error) {
	spec := job.Spec{TraceID: registry.TraceID(ctx), Location: l.ID}
	paths := in.Paths
	if len(paths) == 0 {
		paths = []protocol.Path{protocol.Path(l.Path)}
	}
	for _, p := range paths {
		spec.Claims = append(spec.Claims, job.Claim{Location: l.ID, Path: p, Write: true})
	}
	return job.Insert(jobs, tx, api.IndexJob, in, spec)
}

// queueOrJoin queues a job, or joins one that reads as much, is queued and has
// not run yet. One that has may have passed what changed since.
func (s *Service) queueOrJoin(ctx context.Context, jobs *job.Queue, tx *store.Tx, l *Location, in api.IndexInput) (id protocol.ID, err error) {
	there, err := jobs.OnLocation(tx, api.IndexJob.JobSpec, l.ID)
	if err != nil {
		return id, err
	}
	for _, j := range there {
		have, err := job.InputOf(j, api.IndexJob)
		if err != nil {
			return id, err
		}
		if !j.Fresh || !covers(&have, &in, l.Mode) {
			continue
		}
		if have.Full || !in.Full {
			return j.ID, nil
		}
		have.Full = true
		return j.ID, job.SetInput(tx, j, api.IndexJob, have)
	}
	for _, j := range there {
		if j.Status == api.JobPaused {
			return id, protocol.Errorf(protocol.Conflict, "a paused job is at the location %q", l.Name).
				With("job_id", j.ID).With("status", string(j.Status)).
				WithHint("let it continue: spacedrive job resume %s", j.ID)
		}
	}
	return s.queue(ctx, jobs, tx, l, in)
}

// covers reports whether a job reads all that another one would, but for
// content that is read again, in a location of the given mode.
func covers(have, want *api.IndexInput, mode api.IndexMode) bool {
	if want.Mode == api.Content && have.Mode != api.Content && mode != api.Content {
		return false
	}
	inOne := func(p protocol.Path) bool {
		return slices.ContainsFunc(have.Paths, func(q protocol.Path) bool { return q.Contains(p) })
	}
	return len(have.Paths) == 0 || len(want.Paths) > 0 && !slices.ContainsFunc(want.Paths, func(p protocol.Path) bool { return !inOne(p) })
}

// RescanParts queues a job that reads parts of a location, in the given mode if
// that is more than the location's. All paths must be in one location.
func (s *Service) RescanParts(ctx context.Context, lib *library.Library, given []protocol.Path, mode api.IndexMode) (id protocol.ID, err error) {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return id, err
	}
	var paths []protocol.Path
	gone := make(map[protocol.Path]error)
	for _, g := range given {
		resolved, err := Resolve("cannot rescan", "paths", string(g))
		switch {
		case protocol.HasCode(err, protocol.NotFound): // the index may still have it
			resolved = path.Clean(string(g))
			gone[protocol.Path(resolved)] = err
		case err != nil:
			return id, err
		}
		paths = append(paths, protocol.Path(resolved))
	}
	slices.Sort(paths)
	err = lib.DB.Write(ctx, func(tx *store.Tx) error {
		l, err := locationOf(tx, lib, paths)
		if err != nil {
			return err
		}
		for p, notFound := range gone {
			if _, found, err := entries.Lookup(tx.Conn, l.Path, string(p)); err != nil || !found {
				return cmp.Or(err, notFound)
			}
		}
		in := api.IndexInput{LocationID: l.ID, Mode: mode}
		if !slices.Contains(paths, protocol.Path(l.Path)) {
			in.Paths = paths
		}
		id, err = s.queueOrJoin(ctx, jobs, tx, l, in)
		return err
	})
	return id, err
}

// locationOf returns the location that all paths are in.
func locationOf(tx *store.Tx, lib *library.Library, paths []protocol.Path) (l *Location, err error) {
	all, err := All(tx.Conn)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		in := Above(all, string(p))
		switch {
		case in == nil:
			return nil, protocol.Errorf(protocol.NotFound, "%s is in no location of the library %q", p, lib.Name()).
				With("field", "paths").With("path", p).
				WithHint("make the folder a location: spacedrive location add %s", p)
		case l != nil && in.ID != l.ID:
			return nil, protocol.Invalid("paths", "the paths are in two locations, %q and %q, and a job reads one", l.Name, in.Name).
				With("path", p).WithHint("call once for each location")
		}
		l = in
	}
	return l, nil
}
