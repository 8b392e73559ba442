package protocol

import (
	"fmt"
	"reflect"
	"strings"
)

// An EventType is the name of a type of event, such as "LocationAdded".
// Package protocol/api declares each type once, with DeclareEvent.
type EventType string

// EventTypes lists all event types in the order of their declarations. It is
// complete once all packages are initialized, and must not be changed.
var EventTypes []EventType

var eventSpecs = make(map[EventType]*EventSpec)

// Spec returns the declaration of the type, nil if there is none.
func (t EventType) Spec() *EventSpec { return eventSpecs[t] }

// IsLog reports whether events of the type are log lines.
func (t EventType) IsLog() bool {
	s := t.Spec()
	return s != nil && s.Log
}

// An EventSpec describes a type of event apart from the Go type of its data.
type EventSpec struct {
	Type EventType
	Help string       // one line
	IDs  EventIDs     // the ids that its events may carry
	Data reflect.Type // nil: the name is reserved, and nothing publishes such events yet
	// Log reports whether the events are log lines: numbered by LogSeq,
	// kept apart from other events, and sent only to subscribers that name
	// the type.
	Log bool

	index    int
	paths    func(*Event) (named []Path, within Path)
	line     func(*Event) (level Level, target string, ok bool)
	progress func(*Event) (subject ID, ok bool)
}

// Index returns the position of the type in EventTypes.
func (s *EventSpec) Index() int { return s.index }

// Paths returns the paths that the event names and, if other paths may have
// changed too, the folder that holds them all.
func (s *EventSpec) Paths(ev *Event) (named []Path, within Path) {
	if s.paths == nil {
		return nil, ""
	}
	return s.paths(ev)
}

// Line returns the level and the target of a log line. ok is false if the event
// is none.
func (s *EventSpec) Line(ev *Event) (level Level, target string, ok bool) {
	if s.line == nil {
		return "", "", false
	}
	return s.line(ev)
}

// Progress returns what the event is about, such as a job, and whether the event
// only reports that subject's progress. The subject is zero for types whose
// events are never coalesced. See EventTraits.Progress.
func (s *EventSpec) Progress(ev *Event) (subject ID, ok bool) {
	if s.progress == nil {
		return ID{}, false
	}
	return s.progress(ev)
}

// EventIDs is a set of the ids that an event may carry besides its data.
type EventIDs uint8

// The ids that an event may carry.
const (
	OfLibrary EventIDs = 1 << iota
	OfLocation
	OfJob
	OfDevice
)

// Keys returns the keys of the ids in the wire format, such as "library_id".
func (ids EventIDs) Keys() []string {
	keys := []string{}
	for i, key := range []string{"library_id", "location_id", "job_id", "device_id"} {
		if ids&(1<<i) != 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// EventTraits describe events to filters and queues, which know no type by name.
// Fields that do not apply are left out.
type EventTraits[Data any] struct {
	IDs EventIDs

	// Paths returns the paths that the data names.
	Paths func(Data) []Path
	// Within returns the folder in which paths that the data does not name may
	// have changed too, "" if there are none.
	Within func(Data) Path

	// Line returns the level and the target of a log line. Only types of log
	// lines have it.
	Line func(Data) (level Level, target string)

	// Progress returns what the event is about, such as a job, and whether it
	// only reports that subject's progress. In the queue of a subscriber who
	// reads slowly, progress replaces the last event of the same type and
	// subject if that was progress, too.
	Progress func(*Event, Data) (subject ID, ok bool)
}

// An EventOf is a declared type of event whose data has the Go type Data.
type EventOf[Data any] struct{ *EventSpec }

// New returns an event of the type, without ids. What data refers to must not
// change afterwards.
func (e EventOf[Data]) New(data Data) Event {
	return Event{Type: e.Type, Data: ValueOf(data)}
}

// DeclareEvent declares a type of event. Call it to initialize a package
// variable, and at no other time. It panics if the type is declared already.
func DeclareEvent[Data any](name EventType, help string, traits EventTraits[Data]) EventOf[Data] {
	s := &EventSpec{
		Type: name, Help: help, IDs: traits.IDs, Data: reflect.TypeFor[Data](), Log: traits.Line != nil,
	}
	if traits.Paths != nil || traits.Within != nil {
		s.paths = func(ev *Event) (named []Path, within Path) {
			data, ok := ev.Data.Interface().(Data)
			if ok && traits.Paths != nil {
				named = traits.Paths(data)
			}
			if ok && traits.Within != nil {
				within = traits.Within(data)
			}
			return named, within
		}
	}
	if traits.Line != nil {
		s.line = func(ev *Event) (level Level, target string, ok bool) {
			data, ok := ev.Data.Interface().(Data)
			if ok {
				level, target = traits.Line(data)
			}
			return level, target, ok
		}
	}
	if traits.Progress != nil {
		s.progress = func(ev *Event) (subject ID, ok bool) {
			data, ok := ev.Data.Interface().(Data)
			if !ok {
				return ID{}, false
			}
			return traits.Progress(ev, data)
		}
	}
	s.add()
	return EventOf[Data]{s}
}

// ReserveEvent declares the name of a type of event whose data is not known yet:
// subscribers may ask for it, and nothing publishes it.
func ReserveEvent(name EventType, help string) *EventSpec {
	s := &EventSpec{Type: name, Help: help}
	s.add()
	return s
}

func (s *EventSpec) add() {
	switch {
	case s.Type == "" || s.Type.Spec() != nil:
		panic(fmt.Sprintf("protocol: event type %q is declared twice, or has no name", s.Type))
	case strings.TrimSpace(s.Help) == "" || strings.Contains(s.Help, "\n"):
		panic(fmt.Sprintf("protocol: event type %s: its help must be one line", s.Type))
	}
	s.index = len(EventTypes)
	EventTypes = append(EventTypes, s.Type)
	eventSpecs[s.Type] = s
}

// Decode returns the data of a received event as a pointer to the declared type,
// nil if the event's type is not declared with one.
func (e *Event) Decode() (any, error) {
	s := e.Type.Spec()
	if s == nil || s.Data == nil {
		return nil, nil
	}
	data := reflect.New(s.Data).Interface()
	return data, e.Data.Decode(data)
}
