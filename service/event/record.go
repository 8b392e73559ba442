package event

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A record is an event in the bus. Only its forms change after it is published.
type record struct {
	ev    protocol.Event
	seq   uint64 // ev.Seq or ev.LogSeq
	order uint64
	bit   uint32 // of ev.Type in a typeSet

	isProgress bool // ev is progress of a running job, which later progress can replace
	size       int  // approximate encoded size, in bytes

	making sync.Mutex // guards the making of forms
	forms  [2]form    // by encoding
}

// A form is an encoded event.
type form struct {
	made  atomic.Bool
	bytes []byte
}

// longest is the largest encoded event, in bytes: the size of a subscriber's
// queue, which is well below the largest frame.
const longest = queueBytes

func newRecord(ev protocol.Event) *record {
	r := &record{ev: ev, bit: typeBit(ev.Type), size: sizeOf(&ev)}
	if ev.Type == protocol.JobUpdate {
		data, ok := ev.Data.Interface().(api.JobEvent)
		r.isProgress = ok && data.Status == api.JobRunning
	}
	return r
}

// encoded returns the event in enc. The first subscriber to take the event
// encodes it, for all subscribers; publishers do not.
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
	out, err := enc.Marshal(ev)
	if err == nil && len(out) > longest {
		err = fmt.Errorf("%d bytes are more than a subscriber's queue holds", len(out))
	}
	if err != nil {
		// Publish the event without its data rather than drop it.
		bare := *ev
		bare.Data = protocol.ValueOf(map[string]string{"encoding_error": err.Error()})
		out, _ = enc.Marshal(&bare)
	}
	return out
}

// sizeOf returns the approximate encoded size of an event, in bytes. It encodes
// data of unknown size, so the caller must hold no lock.
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
	encoded, _ := ev.Data.JSON() // encode reports an error
	return envelope + len(encoded)
}

// sizeOfField is sizeOf for a field of a log line, or for all fields.
func sizeOfField(v any) int {
	const scalar = 16 // a number, or the punctuation of any value
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

// paths returns the paths that an event names. If the event stands for more
// paths than it names, within is the folder that has them all.
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

// log returns the level and target of a log line.
func (r *record) log() (level protocol.Level, target string, ok bool) {
	data, ok := r.ev.Data.Interface().(api.LogEvent)
	return data.Level, data.Target, ok
}
