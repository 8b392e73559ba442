package event

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A record is an event as the bus keeps it. All but its forms is fixed once it
// is published.
type record struct {
	ev    protocol.Event
	seq   uint64 // ev.Seq or ev.LogSeq
	order uint64
	bit   uint32 // of ev.Type in a typeSet

	isProgress bool // ev tells a running job's progress, for which later progress can stand
	size       int  // about how many bytes it has encoded

	making sync.Mutex // of a form
	forms  [2]form    // in each encoding
}

// A form is an event encoded, once it is made.
type form struct {
	made  atomic.Bool
	bytes []byte
}

// longest is how long an event may be, in bytes: what a subscriber may have
// waiting, which is well below what a frame may hold.
const longest = queueBytes

func newRecord(ev protocol.Event) *record {
	r := &record{ev: ev, bit: typeBit(ev.Type), size: sizeOf(&ev)}
	if ev.Type == protocol.JobUpdate {
		data, ok := ev.Data.Interface().(api.JobEvent)
		r.isProgress = ok && data.Status == api.JobRunning
	}
	return r
}

// encoded returns the event in enc. It is made once, however many subscribers
// want it, by the first that takes it: a publisher has other things to do.
func (r *record) encoded(enc protocol.Encoding) []byte {
	f := &r.forms[enc-1]
	if f.made.Load() {
		return f.bytes
	}
	r.making.Lock()
	defer r.making.Unlock()
	if !f.made.Load() {
		f.bytes = encode(enc, &r.ev)
		f.made.Store(true)
	}
	return f.bytes
}

func encode(enc protocol.Encoding, ev *protocol.Event) []byte {
	out, err := protocol.EncodeEvent(enc, ev)
	if err == nil && len(out) > longest {
		err = fmt.Errorf("%d bytes are more than a subscriber may have waiting", len(out))
	}
	if err != nil {
		// An event is never dropped for what its data hold.
		bare := *ev
		bare.Data = protocol.ValueOf(map[string]string{"encoding_error": err.Error()})
		out, _ = protocol.EncodeEvent(enc, &bare)
	}
	return out
}

// sizeOf returns about how many bytes an event has encoded. What it knows it
// adds up; other data it encodes, so no lock may be held.
func sizeOf(ev *protocol.Event) int {
	const envelope = 512
	switch data := ev.Data.Interface().(type) {
	case api.LibraryEvent:
		return envelope + len(data.Name) + len(data.Path)
	case api.LocationEvent:
		return envelope + len(data.Name) + len(data.Path) + len(data.Reason)
	case api.EntriesChangedEvent:
		n := envelope + len(data.Location)
		for _, p := range data.Paths {
			n += len(p) + len(`"",`)
		}
		return n
	case api.JobEvent:
		if data.Error == nil && data.Output.IsZero() {
			return envelope + len(data.Progress.Current)
		}
	case api.LogEvent:
		return envelope + len(data.Target) + len(data.Message) + sizeOfField(data.Fields)
	}
	encoded, _ := ev.Data.JSON() // an error is reported by encode
	return envelope + len(encoded)
}

// sizeOfField does the same for a field of a log line, or for all of them.
func sizeOfField(v any) int {
	const scalar = 16 // a number, or what is around a text
	n := scalar
	switch v := v.(type) {
	case string:
		n += len(v)
	case []any:
		for _, element := range v {
			n += sizeOfField(element)
		}
	case map[string]any:
		for key, value := range v {
			n += len(key) + sizeOfField(value)
		}
	}
	return n
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
