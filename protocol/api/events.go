package api

import (
	"reflect"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// EventData declares what this version of the daemon sends to subscribers: each
// type of event with the type of its data.
var EventData = []struct {
	Type protocol.EventType
	Data reflect.Type
}{
	{protocol.CoreStarted, reflect.TypeFor[CoreEvent]()},
	{protocol.CoreShutdown, reflect.TypeFor[CoreEvent]()},
	{protocol.LibraryCreated, reflect.TypeFor[LibraryEvent]()},
	{protocol.LibraryOpened, reflect.TypeFor[LibraryEvent]()},
	{protocol.LibraryClosed, reflect.TypeFor[LibraryEvent]()},
	{protocol.LibraryRenamed, reflect.TypeFor[LibraryEvent]()},
	{protocol.LibraryDeleted, reflect.TypeFor[LibraryEvent]()},
	{protocol.LocationAdded, reflect.TypeFor[LocationEvent]()},
	{protocol.LocationUpdated, reflect.TypeFor[LocationEvent]()},
	{protocol.LocationRemoved, reflect.TypeFor[LocationEvent]()},
	{protocol.EntriesChanged, reflect.TypeFor[EntriesChangedEvent]()},
	{protocol.JobUpdate, reflect.TypeFor[JobEvent]()},
	{protocol.LogMessage, reflect.TypeFor[LogEvent]()},
}

// CoreEvent is the data of CoreStarted and CoreShutdown.
type CoreEvent struct {
	Version string `json:"version"`
	Reason  string `json:"reason,omitzero"`
}

// LibraryEvent is the data of the events on libraries.
type LibraryEvent struct {
	Name string `json:"name"`
	Path Path   `json:"path"`
}

// LocationEvent is the data of the events on locations.
type LocationEvent struct {
	Path   Path          `json:"path"`
	Name   string        `json:"name"`
	State  LocationState `json:"state,omitzero"`
	Reason string        `json:"reason,omitzero"`
}

// EntriesChangedEvent counts what changed in a location at once.
type EntriesChangedEvent struct {
	Location  Path   `json:"location" jsonschema:"the location's path"`
	Created   int64  `json:"created"`
	Modified  int64  `json:"modified"`
	Moved     int64  `json:"moved"`
	Deleted   int64  `json:"deleted"`
	Paths     []Path `json:"paths" jsonschema:"the first 100"`
	Truncated bool   `json:"truncated" jsonschema:"whether there were more"`
}

// JobEvent is the data of JobUpdate.
type JobEvent struct {
	Kind     string          `json:"kind"`
	Status   JobStatus       `json:"status"`
	Progress Progress        `json:"progress"`
	Error    *protocol.Error `json:"error,omitzero"`
	Output   protocol.Value  `json:"output,omitzero" jsonschema:"once completed"`
}

// LogEvent is the data of LogMessage.
type LogEvent struct {
	Level   protocol.Level `json:"level"`
	Target  string         `json:"target" jsonschema:"the part of the daemon that speaks"`
	Message string         `json:"message"`
	TraceID string         `json:"trace_id,omitzero"`
	Fields  map[string]any `json:"fields,omitzero"`
}
