package api

import "github.com/spacedrive-go/spacedrive/protocol"

// EntriesInfo shows entries by their ids or paths.
var EntriesInfo = protocol.LibraryQuery[EntriesInfoInput, EntriesInfoOutput]("entries.info", "Show files and folders of the index by their ids or paths")

// maxEntries is how many entries one call asks for at most.
const maxEntries = 1000

// EntriesInfoInput names entries by their ids, or by their paths.
type EntriesInfoInput struct {
	IDs   []ID   `json:"ids,omitzero" jsonschema:"at most 1,000"`
	Paths []Path `json:"paths,omitzero" jsonschema:"absolute; at most 1,000"`
}

// PageLimit returns how many entries the answer has.
func (in EntriesInfoInput) PageLimit() int { return len(in.IDs) + len(in.Paths) }

// Validate checks that either ids or paths are given, and not too many.
func (in *EntriesInfoInput) Validate() error {
	switch n := len(in.IDs) + len(in.Paths); {
	case (len(in.IDs) > 0) == (len(in.Paths) > 0):
		return protocol.Invalid("ids", "give ids or paths, one of the two")
	case n > maxEntries:
		return protocol.Invalid("ids", "%d entries are asked for; at most %d can be", n, maxEntries)
	}
	for _, path := range in.Paths {
		if path == "" || path[0] != '/' {
			return protocol.Invalid("paths", "the path %q is not absolute", path)
		}
	}
	return nil
}

// EntriesInfoOutput has the entries in the order of the call.
type EntriesInfoOutput struct {
	Entries []*EntryInfo `json:"entries" jsonschema:"null where the index has no such entry"`
}

// EntryInfo is an entry, and for a folder what is below it.
type EntryInfo struct {
	Entry
	Total *EntryTotal `json:"total,omitzero" jsonschema:"of a folder: what is below it"`
}

// EntryTotal counts what is below a folder.
type EntryTotal struct {
	Files   int64            `json:"files"`
	Folders int64            `json:"folders"`
	Bytes   int64            `json:"bytes" jsonschema:"sizes of all files; one with several names counts for each"`
	Disk    int64            `json:"disk" jsonschema:"bytes taken on the disk; a file with several names counts once"`
	Kinds   map[string]Count `json:"kinds"`
}
