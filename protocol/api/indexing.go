package api

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// IndexingStart reads folders once, or a part of a location again.
var IndexingStart = protocol.CoreAction[IndexingStartInput, JobStarted]("indexing.start", "Scan files and folders once, or rescan a part of a location").Optional()

// A Persistence says what stays of a scan.
type Persistence string

// What stays of a scan.
const (
	Ephemeral  Persistence = "ephemeral"  // the job's output
	Persistent Persistence = "persistent" // what was found, in the index
)

var _ = protocol.Enumeration(Ephemeral, Persistent)

// maxScanPaths is how many paths a scan may be asked for.
const maxScanPaths = 1000

// IndexingStartInput asks for a scan.
type IndexingStartInput struct {
	Paths         []Path      `json:"paths" jsonschema:"absolute paths of files and folders, at most 1,000; for persistent, all in one location"`
	Mode          IndexMode   `json:"mode,omitzero" jsonschema:"shallow (default) or content"`
	IncludeHidden bool        `json:"include_hidden,omitzero" jsonschema:"also names that begin with a dot, below the paths; persistent always reads them"`
	Persistence   Persistence `json:"persistence,omitzero" jsonschema:"ephemeral (default): the result is the job's output alone, and library_id must be left out; persistent: a rescan of a part of a location of the library"`
}

// Validate checks the input, and sets the defaults.
func (in *IndexingStartInput) Validate() error {
	switch n := len(in.Paths); {
	case n == 0:
		return protocol.Invalid("paths", "no path is given")
	case n > maxScanPaths:
		return protocol.Invalid("paths", "%d paths are given; at most %d are allowed", n, maxScanPaths).WithHint("name the folder that they are in")
	}
	for _, path := range in.Paths {
		if path == "" || path[0] != '/' {
			return protocol.Invalid("paths", "the path %q is not absolute", path)
		}
	}
	switch in.Persistence {
	case "":
		in.Persistence = Ephemeral
	case Ephemeral, Persistent:
	default:
		return protocol.Invalid("persistence", "no persistence %q", in.Persistence).WithHint("one of ephemeral, persistent")
	}
	return in.Mode.validate()
}

// ScanInput is the input of a job of kind scan.
type ScanInput struct {
	Paths         []Path    `json:"paths" jsonschema:"without symlinks, none below another"`
	Mode          IndexMode `json:"mode"`
	IncludeHidden bool      `json:"include_hidden,omitzero"`
}

// ScanOutput is the output of a job of kind scan.
type ScanOutput struct {
	Files      int64            `json:"files" jsonschema:"all but folders; a path that is a file itself counts"`
	Folders    int64            `json:"folders" jsonschema:"below the paths"`
	Bytes      int64            `json:"bytes" jsonschema:"sizes of all files; one with several names counts for each"`
	Disk       int64            `json:"disk" jsonschema:"bytes that the files take on the disk; one with several names counts once"`
	Kinds      map[string]Count `json:"kinds"`
	Biggest    []ScannedFile    `json:"biggest" jsonschema:"the 20 biggest files; of one with several names, one"`
	Duplicates Duplicates       `json:"duplicates"`
	Hidden     int64            `json:"hidden" jsonschema:"hidden files and folders left out"`
	Skipped    int64            `json:"skipped" jsonschema:"folders not entered: pseudo file systems, and the data folder"`
	ElapsedMS  int64            `json:"elapsed_ms" jsonschema:"time that the job ran"`
}

// ScannedFile is a file that a scan found.
type ScannedFile struct {
	Path       Path      `json:"path"`
	Size       int64     `json:"size"`
	Kind       string    `json:"kind"`
	ModifiedAt time.Time `json:"modified_at"`
}

// Duplicates are groups of files that are alike. Empty files are in none, and
// a file with several names is one.
type Duplicates struct {
	By          DuplicateKey     `json:"by"`
	Count       int64            `json:"count" jsonschema:"groups"`
	Files       int64            `json:"files" jsonschema:"in all groups"`
	WastedBytes int64            `json:"wasted_bytes" jsonschema:"sizes of all files of the groups but one of each"`
	Groups      []DuplicateGroup `json:"groups" jsonschema:"the first 100, most wasted first"`
}

// A DuplicateKey says what the files of a group have in common.
type DuplicateKey string

// What the files of a group have in common.
const (
	ByName    DuplicateKey = "name"    // name and size, as in mode shallow: likely the same content
	ByContent DuplicateKey = "content" // size and BLAKE3 hash
)

var _ = protocol.Enumeration(ByName, ByContent)

// DuplicateGroup is a group of files that are alike.
type DuplicateGroup struct {
	Paths       []Path `json:"paths" jsonschema:"at most 20, and fewer where paths are very long"`
	Files       int64  `json:"files"`
	Size        int64  `json:"size" jsonschema:"of each file"`
	WastedBytes int64  `json:"wasted_bytes"`
}

func (out ScanOutput) summary() string {
	line := human.Plural(out.Files, "file", "files") + " in " + human.Plural(out.Folders, "folder", "folders") + ", " + human.Size(out.Bytes)
	if out.Duplicates.Count > 0 {
		line += "; " + human.Size(out.Duplicates.WastedBytes) + " in duplicates"
	}
	return line
}
