package protocol

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// An event is written out by hand, and must be what its struct tags say.
func TestAnEventIsEncodedAsItsTagsHaveIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ids [4]ID
		for i := range ids {
			if rapid.Bool().Draw(t, "id") {
				copy(ids[i][:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
			}
		}
		number := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Max(MaxID))
		ev := Event{
			Seq: number.Draw(t, "seq"), LogSeq: number.Draw(t, "log seq"), Coalesced: number.Draw(t, "coalesced"),
			Time: time.Unix(rapid.Int64Range(-3e9, 3e10).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")),
			Type: EventType(rapid.String().Draw(t, "type")), TraceID: rapid.String().Draw(t, "trace"),
			LibraryID: ids[0], LocationID: ids[1], JobID: ids[2], DeviceID: ids[3],
		}
		switch rapid.IntRange(0, 2).Draw(t, "data") {
		case 1:
			ev.Data = ValueOf(map[string]any{"path": drawPath(t), "n": number.Draw(t, "n")})
		case 2:
			ev.Data = RawValue(JSON, []byte(`{"a":[1,2,"x"]}`))
		}
		for _, enc := range []Encoding{JSON, CBOR} {
			got, err := EncodeEvent(enc, &ev)
			if err != nil {
				t.Fatal(err)
			}
			want, err := enc.Marshal(&ev)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%v, %v:\n%q, want\n%q", enc, err, got, want)
			}
		}
	})
}

func TestAnEventThatIsNoTextIsRefused(t *testing.T) {
	for _, enc := range []Encoding{JSON, CBOR} {
		for _, ev := range []Event{
			{Type: "\xff"}, {TraceID: "\xff"}, {Time: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
			{Data: ValueOf("\xff")},
		} {
			if b, err := EncodeEvent(enc, &ev); err == nil {
				t.Errorf("%v: %q", enc, b)
			}
		}
	}
}
