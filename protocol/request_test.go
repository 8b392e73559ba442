package protocol

import (
	"encoding/base64"
	"math"
	"reflect"
	"strings"
	"testing"
)

const someID = "0190a3c4-0000-7000-8000-000000000001"

// object is a message in the making, for either encoding.
type object = map[string]any

// encode returns m as the body of a frame.
func encode(t testing.TB, enc Encoding, m any) []byte {
	t.Helper()
	b, err := enc.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustID(s string) ID { return must(ParseID(s)) }

func TestParseRequestAccepts(t *testing.T) {
	id := mustID(someID)
	for _, tt := range []struct {
		name string
		in   object
		want Request
	}{
		{"ping", object{"type": "ping"}, Request{Type: "ping"}},
		{"id 0", object{"type": "ping", "id": 0}, Request{Type: "ping"}},
		{"largest id", object{"type": "ping", "id": uint64(1<<53 - 1)}, Request{Type: "ping", ID: 1<<53 - 1}},
		{"shutdown", object{"type": "shutdown", "id": 3}, Request{Type: "shutdown", ID: 3}},
		{"query", object{"type": "query", "id": 1, "method": "core.status", "library_id": id, "timeout_ms": 250, "trace_id": "aZ09_-"},
			Request{Type: "query", ID: 1, Method: "core.status", LibraryID: id, TimeoutMS: 250, TraceID: "aZ09_-"}},
		{"action", object{"type": "action", "method": "action:files.copy.input.v1"}, Request{Type: "action", Method: "action:files.copy.input.v1"}},
		{"null payload", object{"type": "query", "method": "a.b", "payload": nil}, Request{Type: "query", Method: "a.b"}},
		{"trace id of 64 characters", object{"type": "query", "method": "a.b", "trace_id": strings.Repeat("x", 64)}, Request{Type: "query", Method: "a.b", TraceID: strings.Repeat("x", 64)}},
		{"trace id of 65 characters: another is made", object{"type": "query", "method": "a.b", "trace_id": strings.Repeat("x", 65)}, Request{Type: "query", Method: "a.b"}},
		{"trace id of other characters: another is made", object{"type": "query", "method": "a.b", "trace_id": "a b"}, Request{Type: "query", Method: "a.b"}},
		{"empty trace id: another is made", object{"type": "query", "method": "a.b", "trace_id": ""}, Request{Type: "query", Method: "a.b"}},
		{"hello", object{"type": "hello", "client": "x/1", "protocol": []int{1, 3}}, Request{Type: "hello", Hello: &HelloRequest{"x/1", []uint64{1, 3}}}},
		{"hello without keys", object{"type": "hello"}, Request{Type: "hello", Hello: new(HelloRequest)}},
		{"subscribe without keys", object{"type": "subscribe", "id": 2}, Request{Type: "subscribe", ID: 2, Subscribe: new(SubscribeRequest)}},
		{"subscribe", object{
			"type": "subscribe", "event_types": []string{"JobUpdate"}, "tail": 5, "heartbeat_ms": 1000,
			"filter": object{"library_id": id, "location_id": id, "job_id": id, "device_id": id, "path": Path("/a\xff"), "min_level": "warn", "target": "index"},
			"after":  object{"boot_id": id, "seq": 7}, "after_log": object{"boot_id": id, "seq": 8},
		}, Request{Type: "subscribe", Subscribe: &SubscribeRequest{
			EventTypes: []EventType{"JobUpdate"}, Tail: 5, HeartbeatMS: 1000,
			Filter: Filter{LibraryID: id, LocationID: id, JobID: id, DeviceID: id, Path: "/a\xff", MinLevel: Warn, Target: "index"},
			After:  &Position{id, 7}, AfterLog: &Position{id, 8},
		}}},
		{"unsubscribe", object{"type": "unsubscribe", "target": 2}, Request{Type: "unsubscribe", Target: 2}},
		{"cancel", object{"type": "cancel", "id": 9, "target": 2}, Request{Type: "cancel", ID: 9, Target: 2}},
	} {
		for _, enc := range []Encoding{JSON, CBOR} {
			got, err := ParseRequest(enc, encode(t, enc, tt.in))
			if err != nil {
				t.Errorf("%s, %v: %v", tt.name, enc, err)
				continue
			}
			want := tt.want
			want.Encoding = enc
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %v:\n%+v, want\n%+v", tt.name, enc, got, want)
			}
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	query := func(key string, value any) object {
		return object{"type": "query", "id": 7, "method": "a.b", key: value}
	}
	for _, tt := range []struct {
		name  string
		in    object
		field string // in details
		want  string // in the text
	}{
		{"no type", object{"id": 7}, "type", "no type"},
		{"type of another type", object{"id": 7, "type": 1}, "type", "type must be a text"},
		{"unknown type", object{"id": 7, "type": "querry"}, "type", `"querry"`},
		{"a server's type", object{"id": 7, "type": "ok"}, "type", "one of hello, ping, query"},
		{"id below 0", object{"type": "ping", "id": -1}, "id", "below 2^53"},
		{"id of 2^53", object{"type": "ping", "id": uint64(1 << 53)}, "id", "below 2^53"},
		{"id of 2^64 − 1", object{"type": "ping", "id": uint64(math.MaxUint64)}, "id", "below 2^53"},
		{"id with a fraction", object{"type": "ping", "id": 1.5}, "id", "whole"},
		{"id as text", object{"type": "ping", "id": "1"}, "id", "whole"},
		{"id null", object{"type": "ping", "id": nil}, "id", "whole"},
		{"unknown key", query("colour", 1), "colour", `no key "colour"`},
		{"key in the wrong case", query("Payload", object{}), "Payload", `no key "Payload"`},
		{"a key of another type of message", query("target", 1), "target", `no key "target"`},
		{"a payload where none belongs", object{"type": "ping", "id": 7, "payload": nil}, "payload", `no key "payload"`},
		{"no method", object{"type": "query", "id": 7}, "method", "needs the key method"},
		{"empty method", object{"type": "query", "id": 7, "method": ""}, "method", "needs the key method"},
		{"method of another type", object{"type": "query", "id": 7, "method": 1}, "method", "must be a text"},
		{"library id that is no id", query("library_id", "x"), "library_id", "UUID"},
		{"library id zero", query("library_id", ID{}), "library_id", "UUID"},
		{"library id null", query("library_id", nil), "library_id", "UUID"},
		{"library id as integer", query("library_id", 1), "library_id", "UUID"},
		{"timeout below 0", query("timeout_ms", -1), "timeout_ms", "milliseconds"},
		{"timeout with a fraction", query("timeout_ms", 1.5), "timeout_ms", "milliseconds"},
		{"timeout of 2^53", query("timeout_ms", uint64(1<<53)), "timeout_ms", "2^53"},
		{"trace id of another type", query("trace_id", 1), "trace_id", "text"},
		{"no target", object{"type": "cancel", "id": 7}, "target", "needs the key target"},
		{"target 0", object{"type": "cancel", "id": 7, "target": 0}, "target", "not 0"},
		{"target as text", object{"type": "unsubscribe", "id": 7, "target": "1"}, "target", "id of an earlier message"},
		{"protocol of one number", object{"type": "hello", "id": 7, "protocol": []int{1}}, "protocol", "lowest, highest"},
		{"protocol the wrong way round", object{"type": "hello", "id": 7, "protocol": []int{2, 1}}, "protocol", "lowest, highest"},
		{"protocol of texts", object{"type": "hello", "id": 7, "protocol": []string{"1", "2"}}, "protocol.0", "protocol.0: a non-negative whole number expected"},
		{"client of another type", object{"type": "hello", "id": 7, "client": 1}, "client", "client: a text expected"},
		{"event types of another type", object{"type": "subscribe", "id": 7, "event_types": []any{"JobUpdate", 1}}, "event_types.1", "event_types.1: a text expected"},
		{"unknown key in a filter", object{"type": "subscribe", "id": 7, "filter": object{"colour": 1}}, "filter.colour", "filter.colour: unknown key"},
		{"bad id in a filter", object{"type": "subscribe", "id": 7, "filter": object{"job_id": "x"}}, "filter.job_id", "filter.job_id: an id expected"},
		{"path with NUL in a filter", object{"type": "subscribe", "id": 7, "filter": object{"path": "a\x00b"}}, "filter.path", "NUL"},
		{"tail with a fraction", object{"type": "subscribe", "id": 7, "tail": 1.5}, "tail", "tail: a non-negative whole number expected"},
		{"seq below 0", object{"type": "subscribe", "id": 7, "after": object{"boot_id": mustID(someID), "seq": -1}}, "after.seq", "after.seq"},
	} {
		for _, enc := range []Encoding{JSON, CBOR} {
			req, err := ParseRequest(enc, encode(t, enc, tt.in))
			if err == nil {
				t.Errorf("%s, %v: accepted as %+v", tt.name, enc, req)
				continue
			}
			if err.Code != InvalidRequest || err.Details["field"] != tt.field || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %v: %s %v %v, want %q in field %s", tt.name, enc, err.Code, err, err.Details, tt.want, tt.field)
			}
			if want := map[bool]uint64{true: 7}[tt.in["id"] == 7]; req.ID != want {
				t.Errorf("%s, %v: id %d, want %d", tt.name, enc, req.ID, want)
			}
		}
	}
}

func TestAFloatIsNeverAnInteger(t *testing.T) {
	for _, number := range []string{"1.0", "1e0", "1E2", "-0", "-1", "00", "1.5"} {
		if _, err := ParseRequest(JSON, []byte(`{"type":"ping","id":`+number+`}`)); err == nil {
			t.Errorf("JSON: id %s is accepted", number)
		}
	}
	for _, number := range []string{"\xf9\x3c\x00", "\xfa\x3f\x80\x00\x00", "\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", "\x20", "\xf6", "\xf7"} {
		for _, key := range []string{"id", "target"} {
			frame := "\xa2\x64type\x66cancel" + string(appendCBORText(nil, key)) + number
			if _, err := ParseRequest(CBOR, []byte(frame)); err == nil || err.Details["field"] != key {
				t.Errorf("CBOR: %s %x is accepted: %v", key, number, err)
			}
		}
	}
}

func TestIntegersOfAnyWidth(t *testing.T) {
	for _, one := range []string{"\x01", "\x18\x01", "\x19\x00\x01", "\x1a\x00\x00\x00\x01", "\x1b\x00\x00\x00\x00\x00\x00\x00\x01"} {
		req, err := ParseRequest(CBOR, []byte("\xa2\x64type\x64ping\x62id"+one))
		if err != nil || req.ID != 1 {
			t.Errorf("%x: %d, %v", one, req.ID, err)
		}
	}
}

func TestTheIDIsEchoedWhereItCanBeRead(t *testing.T) {
	for line, want := range map[string]uint64{
		`{"id":7,"type":"query","method":`:        7,
		`{"id":7,"id":8}`:                         7,
		`{"id":7} x`:                              7,
		`{"id":7,"x":` + string(nested(JSON, 40)): 7,
		`{"x":{"id":7}}`:                          0,
		`{"id":7`:                                 7,
		`{"id":-7}`:                               0,
		`[{"id":7}]`:                              0,
		``:                                        0,
	} {
		req, err := ParseRequest(JSON, []byte(line))
		if err == nil || err.Code != InvalidRequest || req.ID != want {
			t.Errorf("%.60s: id %d, want %d (%v)", line, req.ID, want, err)
		}
	}
}

func TestPayload(t *testing.T) {
	cborItem := func(item string) string { return base64.StdEncoding.EncodeToString([]byte(item)) }
	for _, tt := range []struct {
		name, keys string
		want       string // the payload; "-" for none
		enc        Encoding
		err        string
	}{
		{"absent", ``, "-", JSON, ""},
		{"null", `,"payload":null`, "-", JSON, ""},
		{"object", `,"payload": {"a" : 1} `, `{"a" : 1}`, JSON, ""},
		{"any value", `,"payload":7`, `7`, JSON, ""},
		{"as CBOR", `,"payload_cbor":"` + cborItem("\xa1\x61a\x01") + `"`, "\xa1\x61a\x01", CBOR, ""},
		{"as CBOR, escaped", `,"payload_cbor":"` + strings.ReplaceAll(cborItem("\xa1\x61a\x41\xff"), "/", `\/`) + `"`, "\xa1\x61a\x41\xff", CBOR, ""},
		{"as CBOR, any item", `,"payload_cbor":"` + cborItem("\x07") + `"`, "\x07", CBOR, ""},
		{"as CBOR, null", `,"payload_cbor":"` + cborItem("\xf6") + `"`, "-", CBOR, ""},
		{"as CBOR, undefined", `,"payload_cbor":"` + cborItem("\xf7") + `"`, "-", CBOR, ""},
		{"as CBOR, empty", `,"payload_cbor":""`, "", 0, "cut off"},
		{"as CBOR, a tag", `,"payload_cbor":"` + cborItem("\xc0\x60") + `"`, "", 0, "a tag"},
		{"as CBOR, two items", `,"payload_cbor":"` + cborItem("\xa0\xa0") + `"`, "", 0, "after the message's end"},
		{"as CBOR, one level too deep", `,"payload_cbor":"` + cborItem(string(nested(CBOR, 32))) + `"`, "", 0, "nested"},
		{"as CBOR, as deep as may be", `,"payload_cbor":"` + cborItem(string(nested(CBOR, 31))) + `"`, string(nested(CBOR, 31)), CBOR, ""},
		{"as CBOR without padding", `,"payload_cbor":"oWFhAQ"`, "", 0, "base64"},
		{"as CBOR, not a text", `,"payload_cbor":{}`, "", 0, "base64"},
		{"both", `,"payload":{},"payload_cbor":"oA=="`, "", 0, "exclude"},
		{"both, the other way round", `,"payload_cbor":"oA==","payload":{}`, "", 0, "exclude"},
		{"both, the first null", `,"payload_cbor":"9g==","payload":{}`, "", 0, "exclude"},
		{"both null", `,"payload":null,"payload_cbor":"9g=="`, "", 0, "exclude"},
	} {
		req, err := ParseRequest(JSON, []byte(`{"type":"query","method":"a.b"`+tt.keys+`}`))
		if tt.err != "" {
			if err == nil || err.Code != InvalidRequest || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
			}
			continue
		}
		got := string(req.Payload)
		if req.Payload == nil {
			got = "-"
		}
		if err != nil || got != tt.want || req.Encoding != tt.enc {
			t.Errorf("%s: %q in %v, %v, want %q in %v", tt.name, got, req.Encoding, err, tt.want, tt.enc)
		}
	}
	frame := encode(t, CBOR, object{"type": "query", "method": "a.b", "payload_cbor": "oA=="})
	if _, err := ParseRequest(CBOR, frame); err == nil || err.Details["field"] != "payload_cbor" {
		t.Errorf("payload_cbor in a CBOR message: %v", err)
	}
	for _, null := range []string{"\xf6", "\xf7"} {
		frame := "\xa3\x64type\x65query\x66method\x63a.b\x67payload" + null
		if req, err := ParseRequest(CBOR, []byte(frame)); err != nil || req.Payload != nil {
			t.Errorf("CBOR payload %x: %x, %v", null, req.Payload, err)
		}
	}
}

func TestErrorsStaySmallHoweverLongTheRequest(t *testing.T) {
	long := strings.Repeat("é\x01", 1<<20)
	for name, in := range map[string]object{
		"type":          {"type": long},
		"key":           {"type": "ping", long: 1},
		"key in filter": {"type": "subscribe", "filter": object{long: 1}},
		"level":         {"type": "subscribe", "filter": object{"min_level": long}},
		"event type":    {"type": "subscribe", "event_types": []string{long}},
	} {
		for _, enc := range []Encoding{JSON, CBOR} {
			req, wire := ParseRequest(enc, encode(t, enc, in))
			if wire == nil {
				wire = AsError(req.Subscribe.Validate())
			}
			if wire == nil {
				t.Errorf("%s, %v: accepted", name, enc)
				continue
			}
			if frame := AppendError(nil, enc, 0, wire); len(frame) > 2*maxErrorText {
				t.Errorf("%s, %v: an answer of %d bytes", name, enc, len(frame))
			}
		}
	}
}
