package api

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Operations on locations.
var (
	LocationsAdd    = protocol.LibraryAction[LocationAddInput, LocationAddOutput]("locations.add", "Add a folder to a library and index it")
	LocationsList   = protocol.LibraryQuery[LocationListInput, Locations]("locations.list", "List a library's locations")
	LocationsRemove = protocol.LibraryAction[LocationRemoveInput, LocationRemoveOutput]("locations.remove", "Forget a location and its entries; nothing on disk is touched")
	LocationsRescan = protocol.LibraryAction[LocationRescanInput, JobStarted]("locations.rescan", "Look for what changed in a location")
)

// An IndexMode says how much indexing reads of a file.
type IndexMode string

// The modes of indexing.
const (
	Shallow IndexMode = "shallow" // no content: name, size, times, kind by extension
	Content IndexMode = "content" // and the content's BLAKE3 hash, and the kind by its first bytes
)

// IndexModes lists the modes of indexing.
var IndexModes = protocol.Enumeration(Shallow, Content)

// LocationAddInput asks for a new location.
type LocationAddInput struct {
	Path Path      `json:"path" jsonschema:"absolute path of a folder"`
	Name string    `json:"name,omitzero" jsonschema:"default: the folder's name"`
	Mode IndexMode `json:"mode,omitzero" jsonschema:"shallow (default) or content"`
}

// Validate checks the path and the mode, and sets the mode's default.
func (in *LocationAddInput) Validate() error {
	if in.Path == "" || in.Path[0] != '/' {
		return protocol.Invalid("path", "the path %q is not absolute", in.Path)
	}
	return in.Mode.validate()
}

// validate checks a mode, and sets the default.
func (m *IndexMode) validate() error {
	switch *m {
	case "":
		*m = Shallow
	case Shallow, Content:
	case "deep":
		return protocol.Invalid("mode", "mode deep is not offered by this version").WithHint("use content")
	default:
		return protocol.Invalid("mode", "no mode %q", *m).WithHint("one of shallow, content")
	}
	return nil
}

// LocationAddOutput is a new location and the job that indexes it.
type LocationAddOutput struct {
	Location Location `json:"location"`
	JobID    ID       `json:"job_id"`
}

// A LocationState says what becomes of a location at the moment.
type LocationState string

// The states of a location.
const (
	Online   LocationState = "online"
	Offline  LocationState = "offline" // its folder is not there
	Scanning LocationState = "scanning"
)

// LocationStates lists the states of a location.
var LocationStates = protocol.Enumeration(Online, Offline, Scanning)

// Location is a folder that a library indexes.
type Location struct {
	ID       ID            `json:"id"`
	Path     Path          `json:"path"`
	Name     string        `json:"name"`
	Mode     IndexMode     `json:"mode"`
	State    LocationState `json:"state"`
	Reason   string        `json:"reason,omitzero" jsonschema:"why it is offline"`
	Files    int64         `json:"files"`
	Folders  int64         `json:"folders"`
	Bytes    int64         `json:"bytes"`
	LastScan time.Time     `json:"last_scan,omitzero" jsonschema:"when a scan last came to its end"`
	AddedAt  time.Time     `json:"added_at"`
	Watching bool          `json:"watching" jsonschema:"whether changes are noticed as they happen"`
}

// LocationListInput asks for a page of locations.
type LocationListInput struct{ Page }

// Locations is a page of locations, by path.
type Locations struct {
	Locations  []Location `json:"locations"`
	NextCursor string     `json:"next_cursor,omitzero"`
}

// LocationRemoveInput names a location.
type LocationRemoveInput struct {
	LocationID ID `json:"location_id"`
}

// Validate checks that a location is named.
func (in *LocationRemoveInput) Validate() error { return given("location_id", in.LocationID) }

// LocationRemoveOutput is how many entries were removed with a location.
type LocationRemoveOutput struct {
	RemovedEntries int64 `json:"removed_entries"`
}

// LocationRescanInput names a location.
type LocationRescanInput struct {
	LocationID ID   `json:"location_id"`
	FullRescan bool `json:"full_rescan,omitzero" jsonschema:"read every folder and hash every file anew, changed or not"`
}

// Validate checks that a location is named.
func (in *LocationRescanInput) Validate() error { return given("location_id", in.LocationID) }

// JobStarted names the job that does what was asked for.
type JobStarted struct {
	JobID ID `json:"job_id"`
}

func given(field string, id ID) error {
	if id == (ID{}) {
		return protocol.Invalid(field, "%s is missing", field)
	}
	return nil
}
