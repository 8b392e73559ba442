package api

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// SearchFiles finds entries by name.
var SearchFiles = protocol.LibraryQuery[SearchInput, SearchResult]("search.files", "Find files and folders by name")

// SearchInput says what to look for. Any text is a valid query: its words, cut
// at white space, must all stand somewhere in the name, in any order, without regard to case and
// accents. An empty query matches every name.
type SearchInput struct {
	Query     string        `json:"query,omitzero"`
	Scope     SearchScope   `json:"scope,omitzero" jsonschema:"default: the whole library"`
	Filters   SearchFilters `json:"filters,omitzero"`
	Sort      string        `json:"sort,omitzero" jsonschema:"relevance (default), name, size, modified or created"`
	Direction string        `json:"direction,omitzero" jsonschema:"asc or desc; default: desc for relevance, size and times, asc for name"`
	Page
}

// SearchScope narrows a search to a part of the library. At most one is given.
type SearchScope struct {
	LocationID ID   `json:"location_id,omitzero"`
	Path       Path `json:"path,omitzero" jsonschema:"absolute path of a folder: only what is below it"`
}

// SearchFilters narrows a search to entries with all of these properties.
type SearchFilters struct {
	Extensions    []string  `json:"extensions,omitzero" jsonschema:"without the dot, without regard to case; one of them must fit"`
	Kinds         []string  `json:"kinds,omitzero" jsonschema:"one of them must fit"`
	Modified      TimeRange `json:"modified,omitzero"`
	Created       TimeRange `json:"created,omitzero"`
	Size          SizeRange `json:"size,omitzero"`
	Locations     []ID      `json:"locations,omitzero" jsonschema:"one of them must fit"`
	IncludeHidden bool      `json:"include_hidden,omitzero" jsonschema:"also entries whose path below the location's root has a part that begins with a dot"`
}

// TimeRange is a span of time; an end that is left out is open.
type TimeRange struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero" jsonschema:"not included"`
}

// SizeRange is a span of sizes in bytes, both ends included; an end that is
// left out is open.
type SizeRange struct {
	Min int64  `json:"min,omitzero"`
	Max *int64 `json:"max,omitzero"`
}

// Validate checks the words of the input and sets defaults.
func (in *SearchInput) Validate() error {
	switch in.Sort {
	case "":
		in.Sort = "relevance"
	case "relevance", "name", "size", "modified", "created":
	default:
		return protocol.Invalid("sort", "cannot sort by %q", in.Sort).WithHint("one of relevance, name, size, modified, created")
	}
	switch in.Direction {
	case "":
		in.Direction = "desc"
		if in.Sort == "name" {
			in.Direction = "asc"
		}
	case "asc", "desc":
	default:
		return protocol.Invalid("direction", "no direction %q", in.Direction).WithHint("asc or desc")
	}
	if in.Scope.Path != "" && in.Scope.Path[0] != '/' {
		return protocol.Invalid("scope.path", "the path %q is not absolute", in.Scope.Path)
	}
	return in.Page.Validate()
}

// SearchResult is a page of hits, best first.
type SearchResult struct {
	Hits       []Hit  `json:"hits"`
	Total      int64  `json:"total" jsonschema:"hits over all pages"`
	TookMS     int64  `json:"took_ms"`
	NextCursor string `json:"next_cursor,omitzero"`
}

// Hit is an entry that fits.
type Hit struct {
	Entry      Entry       `json:"entry"`
	Path       Path        `json:"path"`
	Score      float64     `json:"score" jsonschema:"between 0 and 1; 1 is an exact match of the whole name"`
	Highlights []Highlight `json:"highlights" jsonschema:"what in the name fits"`
}

// Highlight is a part of a name, in bytes from its start.
type Highlight struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Entry is a file or a folder in the index.
type Entry struct {
	ID         ID        `json:"id"`
	Path       Path      `json:"path"`
	Name       Path      `json:"name"`
	Kind       string    `json:"kind" jsonschema:"folder, symlink, document, image, ..."`
	Size       int64     `json:"size" jsonschema:"bytes"`
	ModifiedAt time.Time `json:"modified_at"`
	CreatedAt  time.Time `json:"created_at,omitzero" jsonschema:"where the file system keeps it"`
	LocationID ID        `json:"location_id"`
	Hidden     bool      `json:"hidden,omitzero"`
}
