package protocol

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"testing"
)

// FuzzReply parses anything that a daemon may send: it is refused, or every
// part of it can be read, whatever becomes of the frame's buffer.
func FuzzReply(f *testing.F) {
	f.Fuzz(func(t *testing.T, cbor bool, frame []byte) {
		enc := JSON
		if cbor {
			enc = CBOR
		}
		before := string(frame)
		reply, err := ParseReply(enc, frame)
		if string(frame) != before {
			t.Fatal("the frame was written to")
		}
		if err != nil {
			return
		}
		var byLibrary Reply
		if err := enc.Unmarshal([]byte(before), &byLibrary); err == nil && !reflect.DeepEqual(*reply, byLibrary) {
			t.Fatalf("%q: %+v, by the library %+v", before, reply, byLibrary)
		}
		again, err := ParseReply(enc, []byte(before))
		if err != nil {
			t.Fatal(err)
		}
		clear(frame)
		if !reflect.DeepEqual(reply, again) {
			t.Fatalf("once its frame was gone: %+v, was %+v", reply, again)
		}
		checkValue(t, reply.Payload)
		_ = reply.Payload.Decode(new(HelloReply))
		_ = reply.Payload.Decode(new(Position))
		if reply.Error != nil {
			checkErrorReply(t, enc, reply)
		}
		if reply.Event != nil {
			checkValue(t, reply.Event.Data)
			checkEvent(t, enc, reply.Event)
		}
	})
}

// checkValue decodes a received value, and has it written in JSON, as the CLI
// does with what it does not know.
func checkValue(t *testing.T, v Value) {
	t.Helper()
	if v.IsZero() {
		return
	}
	var tree any
	_ = v.Decode(&tree)
	text, err := v.JSON()
	if err == nil && checkJSON(text) != nil && checkJSON(text) != errNesting && checkJSON(text) != errElements {
		t.Fatalf("%s %x becomes %q, which is no JSON", v.enc, v.raw, text)
	}
}

// checkErrorReply sends an error on, as a relay or a log does.
func checkErrorReply(t *testing.T, enc Encoding, reply *Reply) {
	t.Helper()
	_ = reply.Error.Error()
	_, err := ParseReply(enc, body(t, enc, AppendError(nil, enc, reply.ID, reply.Error)))
	if err != nil {
		t.Fatalf("%+v does not cross twice: %v", reply.Error, err)
	}
}

// body returns the one frame in stream.
func body(t *testing.T, enc Encoding, stream []byte) []byte {
	t.Helper()
	frame, err := NewFrameReader(&pieces{stream, len(stream)}, enc, nil).Next()
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// checkEvent sends an event on to a subscriber, in its own encoding and in the
// other.
func checkEvent(t *testing.T, enc Encoding, ev *Event) {
	t.Helper()
	for _, to := range []Encoding{JSON, CBOR} {
		encoded, err := to.Marshal(ev)
		if err != nil {
			if to == enc && ev.Data.IsZero() {
				t.Fatalf("%+v does not encode in %v: %v", ev, to, err)
			}
			continue // its data may be what the other encoding does not have
		}
		for _, n := range []uint64{1, 1 << 40} {
			if n > 1 {
				if ev.Coalesced != 0 {
					continue // it is said once already
				}
				encoded = WithCoalesced(to, encoded, n)
			}
			stream := NewEventFrame(to, MaxID).Append(nil, encoded)
			got, err := ParseReply(to, body(t, to, stream))
			if err != nil {
				t.Fatalf("%v %s: %v", to, hex.EncodeToString(stream), err)
			}
			want := *ev
			if n > 1 {
				want.Coalesced = n
			}
			if got.ID != MaxID || got.Event == nil || eventText(got.Event) != eventText(&want) {
				t.Fatalf("%v:\n%s, want\n%s", to, eventText(got.Event), eventText(&want))
			}
		}
	}
}

// eventText writes all of an event but its data.
func eventText(ev *Event) string {
	bare := *ev
	bare.Data = Value{}
	bare.Time = bare.Time.UTC()
	return fmt.Sprintf("%+v", bare)
}
