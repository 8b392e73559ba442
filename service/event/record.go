package event

import (
	"fmt"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A record is an event as the bus keeps it. Bus.mu guards json and cbor; the
// rest is fixed once it is published.
type record struct {
	ev    protocol.Event
	seq   uint64 // ev.Seq or ev.LogSeq
	order uint64
	bit   uint32 // of ev.Type in a typeSet

	json, cbor []byte // encoded when a subscriber first wants it
}

// longest is how long an event may be, in bytes: what a subscriber may have
// waiting, which is well below what a frame may hold.
const longest = queueBytes

func newRecord(ev protocol.Event) *record {
	return &record{ev: ev, bit: typeBit(ev.Type)}
}

// encoded returns the event in enc. It is made once, however many subscribers
// want it.
func (r *record) encoded(enc protocol.Encoding) []byte {
	at := &r.json
	if enc == protocol.CBOR {
		at = &r.cbor
	}
	if *at == nil {
		out, err := protocol.EncodeEvent(enc, &r.ev)
		if err == nil && len(out) > longest {
			err = fmt.Errorf("%d bytes are more than a subscriber may have waiting", len(out))
		}
		if err != nil {
			// An event is never dropped for what its data hold.
			bare := r.ev
			bare.Data = protocol.ValueOf(map[string]string{"encoding_error": err.Error()})
			out, _ = protocol.EncodeEvent(enc, &bare)
		}
		*at = out
	}
	return *at
}

// progressOf returns the job whose progress the event tells and nothing else,
// so that a later such event can stand for it.
func (r *record) progressOf() (job protocol.ID, ok bool) {
	if r.ev.Type != protocol.JobUpdate {
		return job, false
	}
	data, ok := r.ev.Data.Interface().(api.JobEvent)
	return r.ev.JobID, ok && data.Status == api.JobRunning
}

// paths returns the paths that an event tells of, and, where it tells of more
// in one folder than it names, that folder.
func (r *record) paths() (named []api.Path, within api.Path) {
	switch data := r.ev.Data.Interface().(type) {
	case api.LibraryEvent:
		return []api.Path{data.Path}, ""
	case api.LocationEvent:
		return []api.Path{data.Path}, ""
	case api.EntriesChangedEvent:
		if data.Truncated {
			within = data.Location
		}
		return data.Paths, within
	}
	return nil, ""
}

// level and target return those of a log line.
func (r *record) log() (level protocol.Level, target string, ok bool) {
	data, ok := r.ev.Data.Interface().(api.LogEvent)
	return data.Level, data.Target, ok
}
