package protocol

import (
	"fmt"
	"strings"
	"time"
)

// An Event reports one thing that happened. Seq counts the events of one
// instance and daemon start from 1. Log lines have no Seq but a LogSeq, counted
// the same way.
type Event struct {
	Seq        uint64    `json:"seq,omitzero"`
	LogSeq     uint64    `json:"log_seq,omitzero"`
	Coalesced  uint64    `json:"coalesced,omitzero"` // how many updates it replaces, including itself
	Time       time.Time `json:"time"`
	Type       EventType `json:"type"`
	LibraryID  ID        `json:"library_id,omitzero"`
	LocationID ID        `json:"location_id,omitzero"`
	JobID      ID        `json:"job_id,omitzero"`
	DeviceID   ID        `json:"device_id,omitzero"`
	TraceID    string    `json:"trace_id,omitzero"`
	Data       Value     `json:"data,omitzero"`
}

// A Position is a place in an instance's stream of events, or in that of its log
// lines: after number Seq of the daemon start BootID.
type Position struct {
	BootID ID     `json:"boot_id"`
	Seq    uint64 `json:"seq"`
}

// Subscribed is the payload of the answer to subscribe: the place after which the
// subscription starts.
type Subscribed struct {
	Position
	LogSeq uint64 `json:"log_seq,omitzero"` // that of the log lines, if it delivers any
}

// A Gap is a range of events that a subscriber did not get, both ends included.
// From and To are Seqs, LogFrom and LogTo are LogSeqs; only one pair is set.
// After a gap the client has to read the state again.
type Gap struct {
	From    uint64    `json:"from,omitzero"`
	To      uint64    `json:"to,omitzero"`
	LogFrom uint64    `json:"log_from,omitzero"`
	LogTo   uint64    `json:"log_to,omitzero"`
	Reason  GapReason `json:"reason"`
}

// A GapReason says why events are missing.
type GapReason string

// The reasons for a gap.
const (
	GapOverflow  GapReason = "overflow"  // the subscriber read too slowly
	GapExpired   GapReason = "expired"   // the daemon no longer keeps them
	GapRestarted GapReason = "restarted" // the position belongs to another daemon start
	GapFuture    GapReason = "future"    // the position has not been reached
)

// A Filter narrows a subscription. An event must match every key that is set;
// one that lacks such a key does not match.
type Filter struct {
	LibraryID  ID     `json:"library_id,omitzero"`
	LocationID ID     `json:"location_id,omitzero"`
	JobID      ID     `json:"job_id,omitzero"`
	DeviceID   ID     `json:"device_id,omitzero"`
	Path       Path   `json:"path,omitzero"`      // this file, or anything below this folder
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

// Rank returns l's place among Levels, or -1.
func (l Level) Rank() int {
	for i, known := range Levels {
		if l == known {
			return i
		}
	}
	return -1
}

// Validate checks what the decoder cannot: whether the event types and the level
// exist.
func (s *SubscribeRequest) Validate() error {
	for i, t := range s.EventTypes {
		if t.Spec() == nil {
			return Invalid(fmt.Sprintf("event_types.%d", i), "no event type %q", Clip(t)).
				WithHint("one of %s", joinTypes(EventTypes))
		}
	}
	if l := s.Filter.MinLevel; l != "" && l.Rank() < 0 {
		return Invalid("filter.min_level", "no level %q", Clip(l)).WithHint("one of trace, debug, info, warn, error")
	}
	return nil
}

func joinTypes(types []EventType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

// WithCoalesced returns an encoded event with its key coalesced set to n.
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
