package api

import "github.com/spacedrive-go/spacedrive/protocol"

// What events about libraries and locations have in common. These variables come
// before the events, because Go initializes in that order.
var aboutLibrary = protocol.EventTraits[LibraryEvent]{
	IDs:   protocol.OfLibrary,
	Paths: func(d LibraryEvent) []Path { return []Path{d.Path} },
}

var aboutLocation = protocol.EventTraits[LocationEvent]{
	IDs:   protocol.OfLibrary | protocol.OfLocation,
	Paths: func(d LocationEvent) []Path { return []Path{d.Path} },
}

// The events, in the order in which the documentation lists them. Whoever
// publishes one calls its method New.
var (
	CoreStarted  = protocol.DeclareEvent("CoreStarted", "The daemon has started this instance", protocol.EventTraits[CoreEvent]{})
	CoreShutdown = protocol.DeclareEvent("CoreShutdown", "The daemon is about to stop", protocol.EventTraits[CoreEvent]{})

	LibraryCreated = protocol.DeclareEvent("LibraryCreated", "A library was created", aboutLibrary)
	LibraryOpened  = protocol.DeclareEvent("LibraryOpened", "A library was opened", aboutLibrary)
	LibraryClosed  = protocol.DeclareEvent("LibraryClosed", "A library was closed", aboutLibrary)
	LibraryRenamed = protocol.DeclareEvent("LibraryRenamed", "A library was renamed", aboutLibrary)
	LibraryDeleted = protocol.DeclareEvent("LibraryDeleted", "A library was removed, with or without its data", aboutLibrary)

	LocationAdded   = protocol.DeclareEvent("LocationAdded", "A location was added", aboutLocation)
	LocationUpdated = protocol.DeclareEvent("LocationUpdated", "The state of a location changed", aboutLocation)
	LocationRemoved = protocol.DeclareEvent("LocationRemoved", "A location was removed", aboutLocation)

	EntriesChanged = protocol.DeclareEvent("EntriesChanged", "Entries of a location were created, modified, moved or deleted",
		protocol.EventTraits[EntriesChangedEvent]{
			IDs:    protocol.OfLibrary | protocol.OfLocation | protocol.OfJob,
			Paths:  func(d EntriesChangedEvent) []Path { return d.Paths },
			Within: EntriesChangedEvent.within,
		})

	JobUpdate = protocol.DeclareEvent("JobUpdate", "A job changed its status or made progress",
		protocol.EventTraits[JobEvent]{
			IDs: protocol.OfLibrary | protocol.OfLocation | protocol.OfJob,
			Progress: func(ev *protocol.Event, d JobEvent) (ID, bool) {
				return ev.JobID, d.Status == JobRunning
			},
		})

	_ = protocol.ReserveEvent("VolumeAdded", "A volume was mounted")
	_ = protocol.ReserveEvent("VolumeUpdated", "A volume changed")
	_ = protocol.ReserveEvent("VolumeRemoved", "A volume was unmounted")

	_ = protocol.ReserveEvent("DeviceDiscovered", "A device appeared on the network")
	_ = protocol.ReserveEvent("DeviceLost", "A device disappeared from the network")
	_ = protocol.ReserveEvent("DevicePaired", "A device was paired")
	_ = protocol.ReserveEvent("DeviceRevoked", "A device is no longer trusted")
	_ = protocol.ReserveEvent("DeviceConnected", "A paired device connected")
	_ = protocol.ReserveEvent("DeviceDisconnected", "A paired device disconnected")
	_ = protocol.ReserveEvent("PairingUpdate", "The state of a pairing changed")

	LogMessage = protocol.DeclareEvent("LogMessage", "The daemon logged a line",
		protocol.EventTraits[LogEvent]{
			IDs:  protocol.OfLibrary | protocol.OfLocation | protocol.OfJob,
			Line: func(d LogEvent) (protocol.Level, string) { return d.Level, d.Target },
		})
)

// CoreEvent is the data of CoreStarted and CoreShutdown.
type CoreEvent struct {
	Version string `json:"version"`
	Reason  string `json:"reason,omitzero"`
}

// LibraryEvent is the data of the events about libraries.
type LibraryEvent struct {
	Name string `json:"name"`
	Path Path   `json:"path"`
}

// LocationEvent is the data of the events about locations.
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

func (d EntriesChangedEvent) within() Path {
	if d.Truncated {
		return d.Location
	}
	return ""
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
	Target  string         `json:"target" jsonschema:"the part of the daemon that logged it"`
	Message string         `json:"message"`
	TraceID string         `json:"trace_id,omitzero"`
	Fields  map[string]any `json:"fields,omitzero"`
}
