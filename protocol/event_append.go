package protocol

import "time"

// EncodeEvent encodes ev once, for any number of subscriptions.
func EncodeEvent(enc Encoding, ev *Event) ([]byte, error) {
	return encodeInScratch(func(buf []byte) ([]byte, error) { return appendEvent(buf, enc, ev) })
}

// appendEvent appends ev as its struct tags have it. It is written out because
// it stands in the way of every event that anybody subscribes to.
func appendEvent(buf []byte, enc Encoding, ev *Event) ([]byte, error) {
	b := eventBuilder{builder{buf: buf, enc: enc, start: len(buf)}}
	if enc == CBOR { // in the order of RFC 8949, section 4.2.1
		b.buf = append(b.buf, cborMap<<5)
		b.count("seq", ev.Seq)
		b.data("data", ev.Data)
		b.time("time", ev.Time)
		b.text("type", string(ev.Type))
		b.id("job_id", ev.JobID)
		b.count("log_seq", ev.LogSeq)
		b.label("trace_id", ev.TraceID)
		b.count("coalesced", ev.Coalesced)
		b.id("device_id", ev.DeviceID)
		b.id("library_id", ev.LibraryID)
		b.id("location_id", ev.LocationID)
		b.buf[b.start] |= byte(b.pairs)
		return b.buf, b.err
	}
	b.buf = append(b.buf, '{')
	b.count("seq", ev.Seq)
	b.count("log_seq", ev.LogSeq)
	b.count("coalesced", ev.Coalesced)
	b.time("time", ev.Time)
	b.text("type", string(ev.Type))
	b.id("library_id", ev.LibraryID)
	b.id("location_id", ev.LocationID)
	b.id("job_id", ev.JobID)
	b.id("device_id", ev.DeviceID)
	b.label("trace_id", ev.TraceID)
	b.data("data", ev.Data)
	return append(b.buf, '}'), b.err
}

// An eventBuilder leaves out what is zero.
type eventBuilder struct{ builder }

func (b *eventBuilder) count(key string, n uint64) {
	if n != 0 {
		b.uint(key, n)
	}
}

func (b *eventBuilder) label(key, text string) {
	if text != "" {
		b.text(key, text)
	}
}

func (b *eventBuilder) id(key string, id ID) {
	if id == (ID{}) {
		return
	}
	b.key(key)
	if b.enc == CBOR {
		b.buf = append(append(b.buf, cborBytes<<5|byte(len(id))), id[:]...)
		return
	}
	b.buf = append(AppendID(append(b.buf, '"'), id), '"')
}

func (b *eventBuilder) time(key string, t time.Time) {
	b.key(key)
	ok := true
	if b.enc == CBOR {
		b.buf, ok = appendCBORTime(b.buf, t)
	} else {
		b.buf, ok = appendTime(append(b.buf, '"'), t)
		b.buf = append(b.buf, '"')
	}
	if !ok {
		b.err = first(b.err, Errorf(Serialization, "the event's time %v is out of range", t))
	}
}

func (b *eventBuilder) data(key string, v Value) {
	if v.raw == nil && v.v != nil {
		b.value(key, v.v)
	} else if !v.IsZero() {
		b.value(key, v)
	}
}
