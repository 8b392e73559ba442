// Package oneoff scans files and folders once, without an index: it counts what
// is in them, and finds the biggest files and the duplicates. It is the work of
// jobs of kind api.ScanJob, which are of no library.
//
// What a scan has to remember is in a temporary database (scratch.go), so its
// memory is bounded, whatever is in the folders. The walk (walk.go) takes the
// folders from there, breadth first, and several readers look at what is in
// them. Files of equal size are then compared (duplicates.go).
//
// A scan has no checkpoint: one that is interrupted starts over.
package oneoff

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Service answers indexing.start and does its jobs.
type Service struct {
	Jobs      *job.Service
	Locations *location.Service
	// DataDir returns the instance's data folder, symlinks resolved. It is not
	// entered.
	DataDir func() string
	// LibraryFolders returns the folders of libraries, whose own files are
	// left out.
	LibraryFolders func() []string
}

// Handle makes the service do the jobs.
func (s *Service) Handle() { job.Handle(s.Jobs, api.ScanJob, s.run) }

// Register binds the operation.
func (s *Service) Register(r *registry.Registry, m *library.Manager) {
	registry.Bind(r, api.IndexingStart, func(ctx context.Context, in api.IndexingStartInput) (out api.JobStarted, err error) {
		if in.Persistence == api.Ephemeral {
			if registry.FromContext(ctx).LibraryID != (protocol.ID{}) {
				return out, protocol.Invalid("library_id", "an ephemeral scan is of no library").
					WithHint("leave library_id out, or set persistence to persistent")
			}
			out.JobID, err = s.start(ctx, in)
			return out, err
		}
		lib, err := m.Called(ctx)
		if err == nil {
			out.JobID, err = s.Locations.RescanParts(ctx, lib, in.Paths, in.Mode)
		}
		return out, err
	})
}

// start queues a scan.
func (s *Service) start(ctx context.Context, in api.IndexingStartInput) (id protocol.ID, err error) {
	jobs, err := s.Jobs.In(nil)
	if err != nil {
		return id, err
	}
	input := api.ScanInput{Mode: in.Mode, IncludeHidden: in.IncludeHidden}
	for _, given := range in.Paths {
		path, err := s.check(given)
		if err != nil {
			return id, err
		}
		input.Paths = append(input.Paths, path)
	}
	input.Paths = apart(input.Paths, in.IncludeHidden)
	spec := job.Spec{TraceID: registry.TraceID(ctx)}
	for _, path := range input.Paths {
		spec.Claims = append(spec.Claims, job.Claim{Path: path})
	}
	return job.Start(ctx, jobs, api.ScanJob, input, spec)
}

// check returns the path, symlinks resolved, of something that can be scanned.
func (s *Service) check(given protocol.Path) (protocol.Path, error) {
	path, err := location.Resolve("cannot scan", "paths", string(given))
	if err != nil {
		return "", err
	}
	if name := disk.PseudoAt(path); name != "" {
		return "", protocol.Invalid("paths", "%s is on a pseudo file system (%s): what is in it are no files", path, name).
			With("path", protocol.Path(path))
	}
	if data := s.DataDir(); protocol.Path(data).Contains(protocol.Path(path)) {
		return "", protocol.Invalid("paths", "%s is in spacedrive's own data folder", path).With("path", protocol.Path(path))
	}
	return protocol.Path(path), nil
}

// apart returns paths sorted, without those that the scan of another one comes
// to anyway. It does not come to what is hidden, unless it is to.
func apart(paths []protocol.Path, hidden bool) []protocol.Path {
	slices.Sort(paths)
	var all []protocol.Path
	for _, p := range paths {
		covered := slices.ContainsFunc(all, func(above protocol.Path) bool {
			if !above.Contains(p) {
				return false
			}
			below := string(p[len(above):])
			return hidden || !slices.ContainsFunc(strings.Split(below, "/"), entries.Hidden)
		})
		if !covered {
			all = append(all, p)
		}
	}
	return all
}

// A scan is one run of a job.
type scan struct {
	*scratch
	job  *job.Run
	in   api.ScanInput
	root int // open, of the whole file system

	dataDir   string
	libraries []string

	progress api.Progress
	total    entries.Totals
	biggest  biggest
	out      api.ScanOutput
	warnings []api.Warning
}

func (s *Service) run(ctx context.Context, r *job.Run, in api.ScanInput) (out api.ScanOutput, err error) {
	if err := r.StartOver(ctx); err != nil {
		return out, err
	}
	root, err := disk.OpenFolder(unix.AT_FDCWD, "/")
	if err != nil {
		return out, err
	}
	defer unix.Close(root)
	scratch, err := newScratch(ctx)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, scratch.close()) }()
	sc := &scan{scratch: scratch, job: r, in: in, root: root, dataDir: s.DataDir(), libraries: s.LibraryFolders()}
	for _, step := range []func(context.Context) error{sc.walk, sc.findDuplicates, sc.saveWarnings} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return out, context.Cause(ctx)
			}
			return out, explain(err)
		}
	}
	sc.progress.Current = ""
	r.Progress(sc.progress)
	out = sc.out
	out.Files, out.Folders, out.Bytes = sc.total.Count()
	out.Disk, out.Kinds, out.Biggest = sc.total.Disk, sc.total.ByKind(), sc.biggest.sorted()
	out.ElapsedMS = r.Elapsed().Milliseconds()
	return out, nil
}

// open opens a folder by its path.
func (s *scan) open(path string, mount bool) (int, error) {
	return disk.Open(s.root, strings.TrimPrefix(path, "/"), mount)
}

// warningsKept is how many warnings wait to be saved.
const warningsKept = 256

// warn notes what could not be read.
func (s *scan) warn(ctx context.Context, path string, message string, err error) error {
	s.warnings = append(s.warnings, api.Warning{Path: api.Path(path), Code: disk.Code(err), Message: message + ": " + err.Error()})
	if len(s.warnings) < warningsKept {
		return nil
	}
	return s.saveWarnings(ctx)
}

func (s *scan) saveWarnings(ctx context.Context) error {
	if len(s.warnings) == 0 {
		return nil
	}
	err := s.job.DB().Write(ctx, func(tx *store.Tx) error {
		return s.job.Save(tx, struct{}{}, s.progress, s.warnings)
	})
	s.warnings = s.warnings[:0]
	return err
}
