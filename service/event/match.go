package event

import (
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A matcher decides whether a subscription wants an event.
type matcher struct {
	types    []bool // by protocol.EventSpec.Index; nil: all but log lines
	logs     bool   // types has one of log lines
	filter   protocol.Filter
	noFilter bool
}

func newMatcher(types []protocol.EventType, filter protocol.Filter) matcher {
	m := matcher{filter: filter, noFilter: filter == protocol.Filter{}}
	for _, t := range types {
		spec := t.Spec()
		if m.types == nil {
			m.types = make([]bool, len(protocol.EventTypes))
		}
		m.types[spec.Index()] = true
		m.logs = m.logs || spec.Log
	}
	return m
}

// list returns the types that were asked for, none for the default ones.
func (m *matcher) list() []protocol.EventType {
	types := []protocol.EventType{}
	for i, wanted := range m.types {
		if wanted {
			types = append(types, protocol.EventTypes[i])
		}
	}
	return types
}

func (m *matcher) matches(r *record) bool {
	if m.types == nil {
		if r.spec.Log {
			return false
		}
	} else if !m.types[r.spec.Index()] {
		return false
	}
	return m.noFilter || m.matchesFilter(r)
}

func (m *matcher) matchesFilter(r *record) bool {
	f, none := &m.filter, protocol.ID{}
	switch {
	case f.LibraryID != none && f.LibraryID != r.ev.LibraryID,
		f.LocationID != none && f.LocationID != r.ev.LocationID,
		f.JobID != none && f.JobID != r.ev.JobID,
		f.DeviceID != none && f.DeviceID != r.ev.DeviceID:
		return false
	}
	if f.Path != "" && !matchesPath(f.Path, r) {
		return false
	}
	if f.MinLevel == "" && f.Target == "" {
		return true
	}
	level, target, ok := r.spec.Line(&r.ev)
	return ok && level.Rank() >= f.MinLevel.Rank() && strings.HasPrefix(target, f.Target)
}

func matchesPath(want protocol.Path, r *record) bool {
	if len(want) > 1 {
		want = protocol.Path(strings.TrimRight(string(want), "/"))
	}
	named, within := r.spec.Paths(&r.ev)
	for _, p := range named {
		if want.Contains(p) {
			return true
		}
	}
	return within != "" && (within.Contains(want) || want.Contains(within))
}
