package event

import (
	"fmt"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A record is an event as the bus keeps it. Bus.mu guards the making of json
// and cbor, which are in place before the record is in a queue that needs
// them; the rest is fixed once it is published.
type record struct {
	ev    protocol.Event
	seq   uint64 // ev.Seq or ev.LogSeq
	order uint64
	bit   uint32 // of ev.Type in a typeSet

	isProgress bool // ev tells a running job's progress, for which later progress can stand

	json, cbor []byte // encoded when a subscriber first wants it
}

// longest is how long an event may be, in bytes: what a subscriber may have
// waiting, which is well below what a frame may hold.
const longest = queueBytes

func newRecord(ev protocol.Event) *record {
	r := &record{ev: ev, bit: typeBit(ev.Type)}
	if ev.Type == protocol.JobUpdate {
		data, ok := ev.Data.Interface().(api.JobEvent)
		r.isProgress = ok && data.Status == api.JobRunning
	}
	return r
}

// in returns the event in enc, where encode has put it.
func (r *record) in(enc protocol.Encoding) []byte {
	if enc == protocol.CBOR {
		return r.cbor
	}
	return r.json
}

// encode has the event encoded in enc, once, however many subscribers want it,
// and returns its size in bytes.
func (r *record) encode(enc protocol.Encoding) int {
	if b := r.in(enc); b != nil {
		return len(b)
	}
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
	if enc == protocol.CBOR {
		r.cbor = out
	} else {
		r.json = out
	}
	return len(out)
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
