package event

import (
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A typeSet is a set of event types, with a bit for each of protocol.EventTypes.
type typeSet uint32

func typeBit(t protocol.EventType) uint32 {
	for i, known := range protocol.EventTypes {
		if t == known {
			return 1 << i
		}
	}
	return 0
}

var (
	logTypes     = typeSet(typeBit(protocol.LogMessage))
	defaultTypes = typeSet(1<<len(protocol.EventTypes)-1) &^ logTypes
)

// A matcher decides whether a subscription wants an event.
type matcher struct {
	types  typeSet
	filter protocol.Filter
	plain  bool // the filter is empty
}

func newMatcher(types []protocol.EventType, filter protocol.Filter) matcher {
	m := matcher{filter: filter, plain: filter == protocol.Filter{}}
	for _, t := range types {
		m.types |= typeSet(typeBit(t))
	}
	if len(types) == 0 {
		m.types = defaultTypes
	}
	return m
}

func (m *matcher) matches(r *record) bool {
	if uint32(m.types)&r.bit == 0 {
		return false
	}
	return m.plain || m.fits(r)
}

func (m *matcher) fits(r *record) bool {
	f, none := &m.filter, protocol.ID{}
	switch {
	case f.LibraryID != none && f.LibraryID != r.ev.LibraryID,
		f.LocationID != none && f.LocationID != r.ev.LocationID,
		f.JobID != none && f.JobID != r.ev.JobID,
		f.DeviceID != none && f.DeviceID != r.ev.DeviceID:
		return false
	}
	if f.Path != "" && !fitsPath(f.Path, r) {
		return false
	}
	if f.MinLevel == "" && f.Target == "" {
		return true
	}
	level, target, ok := r.log()
	return ok && level.Rank() >= f.MinLevel.Rank() && strings.HasPrefix(target, f.Target)
}

func fitsPath(want protocol.Path, r *record) bool {
	if len(want) > 1 {
		want = protocol.Path(strings.TrimRight(string(want), "/"))
	}
	named, within := r.paths()
	for _, p := range named {
		if want.Contains(p) {
			return true
		}
	}
	return within != "" && (within.Contains(want) || want.Contains(within))
}
