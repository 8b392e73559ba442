package protocol

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

func TestRepliesReturn(t *testing.T) {
	for _, enc := range []Encoding{JSON, CBOR} {
		for _, tt := range []struct {
			name   string
			append func([]byte) ([]byte, error)
			want   Reply
		}{
			{"pong", func(b []byte) ([]byte, error) { return AppendPlain(b, enc, TypePong, 0) }, Reply{Type: "pong"}},
			{"unsubscribed", func(b []byte) ([]byte, error) { return AppendPlain(b, enc, TypeUnsubscribed, MaxID) }, Reply{Type: "unsubscribed", ID: MaxID}},
			{"subscribed", func(b []byte) ([]byte, error) { return AppendOK(b, enc, TypeSubscribed, 2, Position{Seq: 3}) },
				Reply{Type: "subscribed", ID: 2, Payload: RawValue(enc, encode(t, enc, Position{Seq: 3}))}},
			{"result", func(b []byte) ([]byte, error) {
				return AppendResult(b, enc, &Request{ID: 5, Encoding: enc}, 0, object{"a": 1})
			}, Reply{Type: "ok", ID: 5, Payload: RawValue(enc, encode(t, enc, object{"a": 1}))}},
			{"result with a number", func(b []byte) ([]byte, error) {
				return AppendResult(b, enc, &Request{ID: 5, Encoding: enc}, 41, object{})
			}, Reply{Type: "ok", ID: 5, Seq: 41, Payload: RawValue(enc, encode(t, enc, object{}))}},
			{"gap", func(b []byte) ([]byte, error) {
				return AppendGap(b, enc, 2, Gap{From: 1, To: 9, Reason: GapOverflow})
			}, Reply{Type: "gap", ID: 2, Gap: &Gap{From: 1, To: 9, Reason: GapOverflow}}},
			{"heartbeat", func(b []byte) ([]byte, error) { return AppendHeartbeat(b, enc, 2, 41) }, Reply{Type: "heartbeat", ID: 2, Seq: 41}},
			{"end", func(b []byte) ([]byte, error) { return AppendEnd(b, enc, 2, "unsubscribed") }, Reply{Type: "end", ID: 2, Reason: "unsubscribed"}},
		} {
			stream, err := tt.append([]byte("before"))
			if err != nil || !bytes.HasPrefix(stream, []byte("before")) {
				t.Errorf("%s, %v: %v", tt.name, enc, err)
				continue
			}
			if got := roundTrip(t, enc, stream[len("before"):]); !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("%s, %v:\n%+v, want\n%+v", tt.name, enc, *got, tt.want)
			}
		}
	}
}

func TestAClientIgnoresKeysThatItDoesNotKnow(t *testing.T) {
	for _, enc := range []Encoding{JSON, CBOR} {
		r, err := ParseReply(enc, encode(t, enc, object{
			"type": "event", "colour": object{"x": 1},
			"event": object{"seq": 1, "time": time.Unix(0, 0).UTC(), "type": "Later", "colour": 1},
		}))
		if err != nil || r.Event == nil || r.Event.Type != "Later" {
			t.Errorf("%v: %+v, %v", enc, r, err)
		}
	}
}

func TestSeqStandsInEveryResult(t *testing.T) {
	line, err := AppendResult(nil, JSON, &Request{ID: 1, Encoding: JSON}, 0, object{})
	if want := `{"type":"ok","id":1,"seq":0,"payload":{}}` + "\n"; err != nil || string(line) != want {
		t.Errorf("%s, %v, want %s", line, err, want)
	}
}

func TestAResultIsEncodedAsItsRequestWas(t *testing.T) {
	line, err := AppendResult(nil, JSON, &Request{ID: 1, Encoding: CBOR}, 2, object{"path": Path("\xff")})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Payload *Value `json:"payload"`
		CBOR    string `json:"payload_cbor"`
	}
	if err := json.Unmarshal(line, &got); err != nil || got.Payload != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if item, err := base64.StdEncoding.DecodeString(got.CBOR); err != nil || string(item) != "\xa1\x64path\x41\xff" {
		t.Errorf("%x, %v", item, err)
	}
}

func TestAResultThatCannotBeSent(t *testing.T) {
	long := strings.Repeat("x", MaxFrame)
	fits := strings.Repeat("x", MaxFrame-len(`{"type":"ok","seq":0,"payload":""}`))
	for _, enc := range []Encoding{JSON, CBOR} {
		for name, v := range map[string]any{
			"too long":     long,
			"unencodable":  make(chan int),
			"not UTF-8":    map[string]any{"x": "\xff"},
			"a NaN inside": []float64{nan()},
		} {
			out, err := AppendResult([]byte("before"), enc, &Request{Encoding: enc}, 0, v)
			if !HasCode(err, Serialization) || string(out) != "before" {
				t.Errorf("%s, %v: %.40q, %v", name, enc, out, err)
			}
			if name == "too long" && !strings.Contains(AsError(err).Hint, "cursor") {
				t.Errorf("no hint how to page: %v", err)
			}
		}
	}
	if _, err := AppendResult(nil, JSON, &Request{Encoding: JSON}, 0, fits); err != nil {
		t.Errorf("the longest line is refused: %v", err)
	}
	if _, err := AppendResult(nil, JSON, &Request{Encoding: JSON}, 0, fits+"x"); !HasCode(err, Serialization) {
		t.Errorf("a line of one byte more: %v", err)
	}
	if out, err := AppendResult([]byte("before"), JSON, &Request{Encoding: CBOR}, 0, long[:13<<20]); !HasCode(err, Serialization) || string(out) != "before" {
		t.Errorf("payload_cbor too long as base64: %v", err)
	}
	for _, enc := range []Encoding{JSON, CBOR} {
		if out, err := AppendEnd([]byte("before"), enc, 1, "\xff"); !HasCode(err, Serialization) || string(out) != "before" {
			t.Errorf("%v: text that is not UTF-8: %q, %v", enc, out, err)
		}
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

func TestEvents(t *testing.T) {
	id := mustID(someID)
	want := Event{
		Seq: 41, Time: time.Unix(1_700_000_000, 123).In(time.FixedZone("", 3600)), Type: "JobUpdate",
		LibraryID: id, LocationID: id, JobID: id, DeviceID: id, TraceID: "t", Data: ValueOf(inner{ID: id, Path: "/\xff"}),
	}
	for _, enc := range []Encoding{JSON, CBOR} {
		for _, ev := range []Event{want, {Time: want.Time, Type: "LogMessage", LogSeq: 1}} {
			once, err := EncodeEvent(enc, &ev)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []uint64{0, 1, 23, 24, 300, 70_000, 1 << 40} {
				encoded := once
				if n > 0 {
					encoded = WithCoalesced(enc, once, n)
				}
				stream := NewEventFrame(enc, 2).Append(nil, encoded)
				r := roundTrip(t, enc, stream)
				got := r.Event
				if r.Type != TypeEvent || r.ID != 2 || got == nil || got.Coalesced != n {
					t.Fatalf("%v: %+v %+v", enc, r, got)
				}
				if !got.Time.Equal(ev.Time) || got.Time.Location() != time.UTC {
					t.Errorf("%v: time %v, want %v", enc, got.Time, ev.Time)
				}
				var data inner
				if !ev.Data.IsZero() {
					if err := got.Data.Decode(&data); err != nil || fmt.Sprint(data) != fmt.Sprint(ev.Data.Interface()) {
						t.Errorf("%v: %+v, %v", enc, data, err)
					}
				}
				same := *got
				same.Time, same.Data, same.Coalesced = ev.Time, ev.Data, 0
				if !reflect.DeepEqual(same, ev) {
					t.Errorf("%v:\n%+v, want\n%+v", enc, same, ev)
				}
			}
			if again, _ := EncodeEvent(enc, &ev); string(again) != string(once) {
				t.Errorf("%v: WithCoalesced wrote into the event that others share", enc)
			}
		}
	}
}

func TestSubscribeValidate(t *testing.T) {
	for _, tt := range []struct {
		in    SubscribeRequest
		field string
	}{
		{SubscribeRequest{}, ""},
		{SubscribeRequest{EventTypes: EventTypes}, ""},
		{SubscribeRequest{Filter: Filter{MinLevel: Warn}}, ""},
		{SubscribeRequest{EventTypes: []EventType{"JobUpdate", "jobupdate"}}, "event_types.1"},
		{SubscribeRequest{Filter: Filter{MinLevel: "loud"}}, "filter.min_level"},
	} {
		err := AsError(tt.in.Validate())
		if tt.field == "" && err != nil || tt.field != "" && (err == nil || err.Code != Validation || err.Details["field"] != tt.field || err.Hint == "") {
			t.Errorf("%+v: %v", tt.in, err)
		}
	}
	for i, l := range Levels {
		if l.Rank() != i {
			t.Errorf("%s has rank %d", l, l.Rank())
		}
	}
}

// A hit is like what search.files answers with.
type hit struct {
	Entry struct {
		ID         ID        `json:"id"`
		Path       Path      `json:"path"`
		Name       Path      `json:"name"`
		Kind       string    `json:"kind"`
		Size       int64     `json:"size"`
		ModifiedAt time.Time `json:"modified_at"`
		CreatedAt  time.Time `json:"created_at,omitzero"`
		LocationID ID        `json:"location_id"`
		Hidden     bool      `json:"hidden,omitzero"`
	} `json:"entry"`
	Path  Path    `json:"path"`
	Score float64 `json:"score"`
}

func hits(n int) any {
	list := make([]hit, n)
	for i := range list {
		h := &list[i]
		h.Entry.ID, h.Entry.LocationID = NewID(), NewID()
		h.Path = Path(fmt.Sprintf("/home/user/pictures/2024/holiday/IMG_%04d.jpg", i))
		h.Entry.Path, h.Entry.Name = h.Path, h.Path[34:]
		h.Entry.Kind, h.Entry.Size, h.Score = "image", 1_234_567, 0.5
		h.Entry.ModifiedAt = time.Unix(1_700_000_000, int64(i)).UTC()
	}
	return struct {
		Hits  []hit `json:"hits"`
		Total int64 `json:"total"`
	}{list, int64(n)}
}

func BenchmarkAppendResult(b *testing.B) {
	for _, n := range []int{1, 1000} {
		result := hits(n)
		for _, enc := range []Encoding{JSON, CBOR} {
			b.Run(fmt.Sprintf("%v/%d", enc, n), func(b *testing.B) {
				req := &Request{ID: 12345, Encoding: enc}
				var buf []byte
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if buf, err = AppendResult(buf[:0], enc, req, 99, result); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(len(buf)))
			})
		}
	}
}
