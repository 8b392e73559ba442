package api

import (
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// The kinds of job.
var (
	IndexJob = protocol.DeclareJob[IndexInput](protocol.JobSpec{
		Kind: "index", Title: "Indexing", Help: "Read the folders of a location into the index", Background: true,
	}, IndexOutput.summary)
	ScanJob = protocol.DeclareJob[ScanInput](protocol.JobSpec{
		Kind: "scan", Title: "Scanning", Help: "Count what is in files and folders, and find the biggest and the duplicates, without an index",
	}, ScanOutput.summary)
)

// JobKinds lists the kinds of job.
var JobKinds = []*protocol.JobSpec{&IndexJob.JobSpec, &ScanJob.JobSpec}

// FindJobKind returns the kind of job of the given name, or nil.
func FindJobKind(name string) *protocol.JobSpec {
	for _, k := range JobKinds {
		if k.Kind == name {
			return k
		}
	}
	return nil
}

// IndexInput is the input of a job of kind index.
type IndexInput struct {
	LocationID ID        `json:"location_id"`
	Full       bool      `json:"full,omitzero" jsonschema:"read all content, changed or not"`
	Paths      []Path    `json:"paths,omitzero" jsonschema:"only these parts of the location"`
	Mode       IndexMode `json:"mode,omitzero" jsonschema:"at least this, where the location's is less"`
}

// IndexOutput is the output of a job of kind index.
type IndexOutput struct {
	Files     int64            `json:"files" jsonschema:"in the location, after the scan"`
	Folders   int64            `json:"folders"`
	Bytes     int64            `json:"bytes"`
	Kinds     map[string]Count `json:"kinds"`
	Created   int64            `json:"created" jsonschema:"entries that the index did not have before"`
	Modified  int64            `json:"modified"`
	Moved     int64            `json:"moved" jsonschema:"entries that were renamed or moved, with their ids"`
	Deleted   int64            `json:"deleted"`
	Hashed    int64            `json:"hashed" jsonschema:"files whose content was read"`
	Skipped   int64            `json:"skipped" jsonschema:"pseudo file systems left out"`
	ElapsedMS int64            `json:"elapsed_ms" jsonschema:"time that the job ran"`
}

func (out IndexOutput) summary() string {
	return human.Plural(out.Files, "file", "files") + " in " + human.Plural(out.Folders, "folder", "folders") + ", " +
		human.Size(out.Bytes) + "; changed: " + out.Changes()
}

// Changes says in a few words what a scan has changed in the index.
func (out IndexOutput) Changes() string {
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{out.Created, "new"}, {out.Modified, "modified"}, {out.Moved, "moved"}, {out.Deleted, "gone"}} {
		if part.n > 0 {
			parts = append(parts, human.Count(part.n)+" "+part.what)
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
