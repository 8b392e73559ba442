package protocol

import (
	"fmt"
	"strings"
	"time"
)

// An EventType is the type of an event.
type EventType string

// The event types of protocol version 1.
const (
	CoreStarted        EventType = "CoreStarted"
	CoreShutdown       EventType = "CoreShutdown"
	LibraryCreated     EventType = "LibraryCreated"
	LibraryOpened      EventType = "LibraryOpened"
	LibraryClosed      EventType = "LibraryClosed"
	LibraryRenamed     EventType = "LibraryRenamed"
	LibraryDeleted     EventType = "LibraryDeleted"
	LocationAdded      EventType = "LocationAdded"
	LocationUpdated    EventType = "LocationUpdated"
	LocationRemoved    EventType = "LocationRemoved"
	EntriesChanged     EventType = "EntriesChanged"
	JobUpdate          EventType = "JobUpdate"
	VolumeAdded        EventType = "VolumeAdded"
	VolumeUpdated      EventType = "VolumeUpdated"
	VolumeRemoved      EventType = "VolumeRemoved"
	DeviceDiscovered   EventType = "DeviceDiscovered"
	DeviceLost         EventType = "DeviceLost"
	DevicePaired       EventType = "DevicePaired"
	DeviceRevoked      EventType = "DeviceRevoked"
	DeviceConnected    EventType = "DeviceConnected"
	DeviceDisconnected EventType = "DeviceDisconnected"
	PairingUpdate      EventType = "PairingUpdate"
	LogMessage         EventType = "LogMessage"
)

// EventTypes lists every event type, in the order of the contract's table.
var EventTypes = []EventType{
	CoreStarted, CoreShutdown,
	LibraryCreated, LibraryOpened, LibraryClosed, LibraryRenamed, LibraryDeleted,
	LocationAdded, LocationUpdated, LocationRemoved,
	EntriesChanged, JobUpdate,
	VolumeAdded, VolumeUpdated, VolumeRemoved,
	DeviceDiscovered, DeviceLost, DevicePaired, DeviceRevoked, DeviceConnected, DeviceDisconnected, PairingUpdate,
	LogMessage,
}

// An Event reports a change. Seq numbers all events but log lines, and counts up
// by one per instance and daemon start; LogSeq numbers log lines.
type Event struct {
	Seq        uint64    `json:"seq,omitzero"`
	LogSeq     uint64    `json:"log_seq,omitzero"`
	Coalesced  uint64    `json:"coalesced,omitzero"` // number of updates that it stands for, itself included
	Time       time.Time `json:"time"`
	Type       EventType `json:"type"`
	LibraryID  ID        `json:"library_id,omitzero"`
	LocationID ID        `json:"location_id,omitzero"`
	JobID      ID        `json:"job_id,omitzero"`
	DeviceID   ID        `json:"device_id,omitzero"`
	TraceID    string    `json:"trace_id,omitzero"`
	Data       Value     `json:"data,omitzero"`
}

// A Position is a position in an instance's stream of events: after event Seq of
// daemon start BootID.
type Position struct {
	BootID ID     `json:"boot_id"`
	Seq    uint64 `json:"seq"`
}

// A Gap is a range of events that a subscriber did not get: either From to To,
// which are Seqs, or LogFrom to LogTo, which are LogSeqs, inclusive. The client
// reads the state again.
type Gap struct {
	From    uint64    `json:"from,omitzero"`
	To      uint64    `json:"to,omitzero"`
	LogFrom uint64    `json:"log_from,omitzero"`
	LogTo   uint64    `json:"log_to,omitzero"`
	Reason  GapReason `json:"reason"`
}

// A GapReason is why events are missing.
type GapReason string

// The reasons for a gap.
const (
	GapOverflow  GapReason = "overflow"  // the subscriber read too slowly
	GapExpired   GapReason = "expired"   // older than what the daemon keeps
	GapRestarted GapReason = "restarted" // the position is of another daemon start
	GapFuture    GapReason = "future"    // the position has not been reached
)

// A Filter selects events. All keys that are set must match; an event without
// one of them does not.
type Filter struct {
	LibraryID  ID     `json:"library_id,omitzero"`
	LocationID ID     `json:"location_id,omitzero"`
	JobID      ID     `json:"job_id,omitzero"`
	DeviceID   ID     `json:"device_id,omitzero"`
	Path       Path   `json:"path,omitzero"`      // this file or folder, or anything below it
	MinLevel   Level  `json:"min_level,omitzero"` // of log lines
	Target     string `json:"target,omitzero"`    // of log lines: a prefix
}

// A Level is the severity of a log line.
type Level string

// The levels, least severe first.
const (
	Trace Level = "trace"
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Err   Level = "error"
)

// Levels lists the levels, least severe first.
var Levels = []Level{Trace, Debug, Info, Warn, Err}

// Rank returns the index of l in Levels, or -1.
func (l Level) Rank() int {
	for i, known := range Levels {
		if l == known {
			return i
		}
	}
	return -1
}

// Validate checks that the event types and the level exist.
func (s *SubscribeRequest) Validate() error {
	for i, t := range s.EventTypes {
		if !t.known() {
			return Invalid(fmt.Sprintf("event_types.%d", i), "no event type %q", clip(t)).
				WithHint("one of %s", joinTypes(EventTypes))
		}
	}
	if l := s.Filter.MinLevel; l != "" && l.Rank() < 0 {
		return Invalid("filter.min_level", "no level %q", clip(l)).WithHint("one of trace, debug, info, warn, error")
	}
	return nil
}

func (t EventType) known() bool {
	for _, known := range EventTypes {
		if t == known {
			return true
		}
	}
	return false
}

func joinTypes(types []EventType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

// WithCoalesced returns an encoded event with coalesced set to n.
func WithCoalesced(enc Encoding, event []byte, n uint64) []byte {
	out := make([]byte, 0, len(event)+24)
	if enc == CBOR {
		out = append(out, event[0]+1) // one pair more; an event has fewer than 23
		out = appendCBORText(out, "coalesced")
		out = appendCBORHead(out, cborUint, n)
		return append(out, event[1:]...)
	}
	out = append(out, `{"coalesced":`...)
	out = appendUint(out, JSON, n)
	out = append(out, ',')
	return append(out, event[1:]...)
}
