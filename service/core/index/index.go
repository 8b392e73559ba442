// Package index reads the folders of locations into the index. It is the work
// of jobs of kind api.IndexJob: a scan, which compares every folder with
// its rows and writes what differs, and for mode content a pass that hashes
// the files whose content is not known.
//
// The scan goes breadth first: folders are read in the order of their ids, and
// a new folder's id is greater than all before it, so the rows of folders are
// the queue of what is still to be read. A checkpoint is therefore little more
// than the id of the last folder that is done. It is committed with the rows,
// so after a crash at any moment the scan goes on as if nothing had happened.
package index

import (
	"context"
	"errors"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
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
	// LastFolder is the id of the last folder that is done.
	LastFolder int64 `json:"last_folder"`
	// Hashing is set once all folders are done.
	Hashing bool `json:"hashing,omitzero"`
	// LastFile is the id of the last file whose content was read.
	LastFile int64 `json:"last_file,omitzero"`

	Before    int64 `json:"before"` // entries that the index had when the job began
	Seen      int64 `json:"seen"`   // entries
	SeenBytes int64 `json:"seen_bytes"`
	Created   int64 `json:"created"`
	Modified  int64 `json:"modified"`
	Deleted   int64 `json:"deleted"`
	Hashed    int64 `json:"hashed"`
	Skipped   int64 `json:"skipped"`
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
	root.location.Publish(ctx, r.Library(), locationUpdated, api.Scanning, r.TraceID())
	// Also when the job is stopped the location is no longer being scanned.
	defer func() {
		if root.location.Offline != "" {
			return
		}
		root.location.Publish(ctx, r.Library(), locationUpdated, root.location.State(false), r.TraceID())
	}()

	b := newBatch(r, root.location, at)
	if !b.at.Hashing {
		sc := &scan{
			batch: b, root: root, full: in.Full,
			dataDir: s.DataDir(), libraries: s.LibraryFolders(),
		}
		err := sc.run(ctx)
		if errors.Is(err, errRootGone) {
			return out, offline(ctx, r, root.location, protocol.NotFound, err.Error())
		}
		if err != nil {
			return out, err
		}
	}
	if root.location.Mode == api.Content {
		h := &hashing{batch: b, root: root, full: in.Full}
		if err := h.run(ctx); err != nil {
			return out, err
		}
	}
	return b.finish(ctx)
}
