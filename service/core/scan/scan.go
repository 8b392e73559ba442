// Package scan reads the folders of locations into the index. It is the work
// of jobs of kind api.IndexJob: a walk, which compares every folder with
// its entries and hands on what differs, and for mode content a pass that
// hashes the files whose content is not known.
//
// The walk goes depth first, in the order of names, so that its place is told
// by one folder: the last that is done. That is the checkpoint. It is committed
// with the changes, so after a crash at any moment the walk goes on as if
// nothing had happened. What was moved is recognized by its identity, wherever
// the walk meets it first: see match.go.
package scan

import (
	"context"
	"errors"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/job"
)

// A Service does the jobs that read locations.
type Service struct {
	// DataDir returns the instance's data folder, symlinks resolved. It is
	// recorded, and not entered.
	DataDir func() string
	// LibraryFolders returns the folders of libraries, whose own files are
	// left out.
	LibraryFolders func() []string
}

// Handle makes the service do the jobs.
func (s *Service) Handle(jobs *job.Service) {
	job.Handle(jobs, api.IndexJob, s.run)
}

// A checkpoint is how far a job is.
type checkpoint struct {
	// Started is set once the walk has begun: absent entries are then those
	// that this job marked.
	Started bool `json:"started,omitzero"`
	// Folder is the last folder that is done.
	Folder int64 `json:"folder,omitzero"`
	// Walked is set once all folders are done, and Hashing once the absent
	// entries are deleted.
	Walked  bool `json:"walked,omitzero"`
	Hashing bool `json:"hashing,omitzero"`
	// LastFile is the last file whose content was read.
	LastFile int64 `json:"last_file,omitzero"`

	Before    int64 `json:"before"` // entries that the index had when the job began
	Seen      int64 `json:"seen"`   // entries
	SeenBytes int64 `json:"seen_bytes"`
	Skipped   int64 `json:"skipped"`
	counts
}

// counts are what has been committed.
type counts struct {
	Created  int64 `json:"created"`
	Modified int64 `json:"modified"`
	Moved    int64 `json:"moved"`
	Deleted  int64 `json:"deleted"`
	Hashed   int64 `json:"hashed"`
}

func (s *Service) run(ctx context.Context, r *job.Run, in api.IndexInput) (out api.IndexOutput, err error) {
	var at checkpoint
	if _, err := r.Checkpoint(&at); err != nil {
		return out, err
	}
	root, err := s.openRoot(ctx, r, in.LocationID)
	if err != nil {
		return out, err
	}
	defer root.close()
	root.location.Publish(ctx, r.Library(), api.LocationUpdated, api.Scanning, r.TraceID())
	// Also when the job is stopped the location is no longer being scanned.
	defer func() {
		if root.location.Offline != "" {
			return
		}
		root.location.Publish(ctx, r.Library(), api.LocationUpdated, root.location.State(false), r.TraceID())
	}()

	b := newBatch(r, root.location, at)
	b.parts = in.Paths
	if !b.at.Hashing {
		if err := s.walk(ctx, b, root, in.Full); errors.Is(err, errRootGone) {
			return out, offline(ctx, r, root.location, protocol.NotFound, err.Error())
		} else if err != nil {
			return out, err
		}
	}
	if root.location.Mode == api.Content || in.Mode == api.Content {
		h := &hashing{batch: b, root: root, full: in.Full}
		if err := h.run(ctx); err != nil {
			return out, err
		}
	}
	return b.finish(ctx)
}

// staleTries is how often a walk goes back to its last checkpoint because
// somebody else changed what it was about to.
const staleTries = 100

func (s *Service) walk(ctx context.Context, b *batch, root *root, full bool) error {
	for try := 0; ; try++ {
		w := &walk{
			batch: b, root: root, full: full,
			dataDir: s.DataDir(), libraries: s.LibraryFolders(),
		}
		err := w.run(ctx)
		if err == nil {
			return nil
		}
		b.discard()
		if !errors.Is(err, entries.ErrStale) || try == staleTries {
			return err
		}
	}
}
