package protocol_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// TestAPlanDecodesWhatAPlanEncodes checks that an answer needs no library.
func TestAPlanDecodesWhatAPlanEncodes(t *testing.T) {
	for _, v := range wireTypes {
		typ := reflect.TypeOf(v)
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { decodeBack(t, typ) })
		})
	}
}

func decodeBack(t *rapid.T, typ reflect.Type) {
	sent := drawPointer(t, typ).Interface()
	for _, enc := range encodings {
		data, err := enc.Marshal(sent)
		if err != nil {
			continue
		}
		got := compareDecodings(t, enc, data, typ)
		// Deeper, and with a path that cannot be one, is the library's.
		if got != nil && !enc.DecodePlanned(data, reflect.New(typ).Interface()) && enc.Check(data) == nil {
			t.Fatalf("%v: left to the library: %q", enc, data)
		}
	}
}

type fataler interface {
	Fatalf(format string, args ...any)
	Helper()
}

// compareDecodings checks that data is decoded as the library does it, or
// refused by both, and returns what it was decoded to, or nil.
func compareDecodings(t fataler, enc protocol.Encoding, data []byte, typ reflect.Type) any {
	t.Helper()
	want := reflect.New(typ).Interface()
	wantErr := enc.DecodeByLibrary(data, want)
	if p := reflect.New(typ); !enc.DecodePlanned(data, p.Interface()) && !p.Elem().IsZero() {
		t.Fatalf("%v %v %q: %+v is left of what was given up", enc, typ, data, p.Elem())
	}
	got := reflect.New(typ).Interface()
	gotErr := enc.Unmarshal(slices.Clone(data), got)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%v %v %q: %v, want %v", enc, typ, data, gotErr, wantErr)
	}
	if gotErr != nil {
		return nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%v %v %q:\n%+v, want\n%+v", enc, typ, data, got, want)
	}
	return got
}

func kindsDecodeAlike(t *rapid.T) { decodeBack(t, reflect.TypeFor[kinds]()) }

func TestAPlanDecodesEveryKind(t *testing.T) { rapid.Check(t, kindsDecodeAlike) }

// TestSpoiltAnswers changes a few bytes, or decodes one type's bytes as
// another's.
func TestSpoiltAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		enc := rapid.SampledFrom(encodings).Draw(t, "encoding")
		types := append(slices.Clone(wireTypes), kinds{}, nested{}, map[string]nested{}, []float32{}, "", time.Time{}, protocol.ID{})
		sent := reflect.TypeOf(rapid.SampledFrom(types).Draw(t, "type"))
		data, err := enc.Marshal(drawPointer(t, sent).Interface())
		if err != nil {
			t.Skip("not encoded")
		}
		read := sent
		if rapid.Bool().Draw(t, "as another") {
			read = reflect.TypeOf(rapid.SampledFrom(types).Draw(t, "other"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			data = spoil(t, data)
		}
		compareDecodings(t, enc, data, read)
	})
}

func spoil(t *rapid.T, data []byte) []byte {
	if len(data) == 0 {
		return data
	}
	i := rapid.IntRange(0, len(data)-1).Draw(t, "at")
	j := min(len(data), i+rapid.IntRange(1, 20).Draw(t, "length"))
	switch rapid.IntRange(0, 4).Draw(t, "change") {
	case 0:
		return slices.Delete(data, i, j)
	case 1:
		return slices.Insert(data, i, slices.Clone(data[i:j])...)
	case 2:
		return slices.Insert(data, i, rapid.SampledFrom([]byte(" \n,:\"\\{}[]0-9.eE\xf6\xf7\xf9\xc0\xff\x00")).Draw(t, "byte"))
	case 3:
		data[i]++
	case 4:
		data[i] = rapid.Byte().Draw(t, "byte")
	}
	return data
}

func TestOddAnswers(t *testing.T) {
	id := `"0190a3c4-0000-7000-8000-0000000000ff"`
	for _, text := range []string{
		`null`, ` { } `, `{"n":1}x`, `{"n":1,}`, `{,"n":1}`, `{"n":01}`, `{"n":-0}`, `{"n":1.0}`, `{"n":1e2}`, `{"n":9223372036854775808}`, `{"n":-9223372036854775808}`,
		`{"n":1,"n":2}`, `{"n":1,"\u006e":2}`, `{"\u006e":1}`, `{"N":1}`, `{"n" : 1 , "others" : [ ] }`, `{"others":[],"n":1}`, `{"x":1,"x":2}`, `{"x":1,"n":2,"y":3}`,
		`{"others":[1,"a",null,{"b64":"/w=="}]}`, `{"others":null}`, `{"others":{}}`, `{"others":[1,]}`, `{"others":[,1]}`, `{"n":"1"}`, `{"n":null}`, `{"n":}`, `{"n"`, `{`, ``,
		`[]`, `"` + strings.Repeat("é", 3000) + `"`, `"\ud800"`, "\"\xff\"", "\"a\x01\"", `"\u0000"`, `1`, `-1`, `-`, `1e999`, `0.5`, `true`, `tru`, `truex`,
		`"2026-02-30T00:00:00Z"`, `"2024-02-29T00:00:00Z"`, `"2026-01-02T03:04:05+02:00"`, `"2026-01-02T03:04:05,5Z"`, `"2026-01-02T03:04:05.1234567891Z"`, `"2026-01-02T24:00:00Z"`,
		`"2026-01-02T03:04:60Z"`, `"2026-01-02T03:04:05.Z"`, `"2026-01-02T03:04:05.5Z"`, `"2026-13-02T03:04:05Z"`, `"0000-01-01T00:00:00Z"`, `"2O26-01-02T03:04:05Z"`, `"0A00-01-01T00:00:00Z"`, `"2026-01-02T03:04:0/Z"`,
		id, `"{0190a3c4-0000-7000-8000-0000000000ff}"`, `"0190a3c4000070008000000000000000"`, `"` + strings.Repeat("x", 36) + `"`,
		`{"b64":"/w=="}`, `{"b64":"AA=="}`, `{"b64":"?"}`, strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40), `{"x":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`,
		`{"a":{"n":1},"a":{"n":2}}`, `{"a":{"n":1},"b":{"n":2}}`, `[1,2,3]`, `[1.5,2e38,4e38]`, `"aGk="`,
	} {
		for _, v := range []any{nested{}, kinds{}, map[string]nested{}, []nested{}, []float32{}, [][]string{}, "", time.Time{}, protocol.ID{}, protocol.Path(""), protocol.Value{}, true, int8(0), uint16(0), float64(0), []byte{}, new(int), any(&nested{})} {
			compareDecodings(t, protocol.JSON, []byte(text), reflect.TypeOf(v))
			if cbor, err := protocol.RawValue(protocol.JSON, []byte(text)).MarshalCBOR(); err == nil {
				compareDecodings(t, protocol.CBOR, cbor, reflect.TypeOf(v))
			}
		}
	}
	for _, item := range []string{
		"\xf6", "\xf7", "\xa1\x61n\xf6", "\xa1\x61n\x18\x01", "\xa1\x61n\x1b\x80\x00\x00\x00\x00\x00\x00\x00", "\xa1\x61n\x3b\x80\x00\x00\x00\x00\x00\x00\x00", "\xa2\x61n\x01\x61n\x02",
		"\xa1\x41n\x01", "\xa1\x01\x01", "\xbf\xff", "\xa1\x61x\xc0\x01", "\xa1\x61x\x61\xff", "\xa1\x61\xff\x01", "\xa2\x61x\x01\x61x\x01", "\xa2\x61x\x01\x61n\x02", "\x61\xff", "\x40", "\x41\x00", "\x61\x00",
		"\xf9\x3c\x00", "\xfa\x3f\x80\x00\x00", "\xfb\x47\xf0\x00\x00\x00\x00\x00\x00", "\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\xfa\x7f\xc0\x00\x00", "\x9a\xff\xff\xff\xff", "\xba\xff\xff\xff\xff", "\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "\x80\x00",
		"\xa1\x58", "", "\xa2\x61a\xa0\x61a\xa0", "\xa2\x63any\x01\x67Float32\xf9\x3c\x00", "\xa2\x61n\x01", "\xf8\x18", "\xe0", "\x50" + strings.Repeat("\x01", 16), "\x4f" + strings.Repeat("\x01", 15), strings.Repeat("\x81", 40) + "\x01",
	} {
		for _, v := range []any{nested{}, kinds{}, map[string]nested{}, []nested{}, []float32{}, [][]string{}, "", time.Time{}, protocol.ID{}, protocol.Path(""), protocol.Value{}, true, int8(0), uint16(0), float64(0), []byte{}, new(int), any(&nested{})} {
			compareDecodings(t, protocol.CBOR, []byte(item), reflect.TypeOf(v))
		}
	}
}

// TestNewKeysCostNoPlan checks that an answer from a newer daemon is decoded
// as quickly.
func TestNewKeysCostNoPlan(t *testing.T) {
	for _, enc := range encodings {
		data, err := enc.Marshal(map[string]any{"a new key": []any{1}, "hits": []any{map[string]any{"colour": "red", "path": "/a", "score": 0.5}}, "total": 1, "zoom": nil})
		if err != nil {
			t.Fatal(err)
		}
		var out api.SearchResult
		if !enc.DecodePlanned(data, &out) || len(out.Hits) != 1 || out.Hits[0].Path != "/a" || out.Total != 1 {
			t.Errorf("%v: %+v", enc, out)
		}
	}
}

func TestWhatIsDecodedDoesNotLiveInTheFrame(t *testing.T) {
	for _, enc := range encodings {
		frame := answer(t, enc, listing(50))
		reply, err := protocol.ParseReply(enc, frame)
		if err != nil {
			t.Fatal(err)
		}
		clear(frame) // its buffer is used again
		var out, again api.SearchResult
		if err := reply.Payload.Decode(&out); err != nil {
			t.Fatal(err)
		}
		if err := reply.Payload.DecodeByLibrary(&again); err != nil || !reflect.DeepEqual(out, again) {
			t.Errorf("%v: %v", enc, err)
		}
	}
}

func TestDecodingAddsToWhatIsThere(t *testing.T) {
	for _, enc := range encodings {
		data, err := enc.Marshal(map[string]any{"total": 3, "hits": []any{map[string]any{"path": "/a"}}})
		if err != nil {
			t.Fatal(err)
		}
		was := func() *api.SearchResult { return &api.SearchResult{TookMS: 5, Hits: []api.Hit{{Score: 1}}} }
		got, want := was(), was()
		if enc.Unmarshal(data, got) != nil || enc.DecodeByLibrary(data, want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", enc, got, want)
		}
	}
}

func TestLimitsOfWhatIsDecoded(t *testing.T) {
	for _, n := range []int{protocol.MaxElements, protocol.MaxElements + 1} {
		for _, enc := range encodings {
			data, err := enc.Marshal(make([]bool, n))
			if err != nil {
				t.Fatal(err)
			}
			compareDecodings(t, enc, data, reflect.TypeFor[[]bool]())
		}
	}
	deep := reflect.TypeFor[[]int]()
	for range protocol.MaxNesting + 5 {
		deep = reflect.SliceOf(deep)
		for _, enc := range encodings {
			v := reflect.New(deep).Elem()
			for in := v; in.Kind() == reflect.Slice; in = in.Index(0) {
				in.Set(reflect.MakeSlice(in.Type(), 1, 1))
			}
			data, err := enc.Marshal(v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			compareDecodings(t, enc, data, deep)
		}
	}
}

func TestARepliesPayloadIsOnlyCutOut(t *testing.T) {
	for _, enc := range encodings {
		if !protocol.ReplyPlanned(enc, answer(t, enc, listing(3))) {
			t.Errorf("%v: an answer is left to the library", enc)
		}
	}
	for _, line := range []string{`{"type":"ok","payload":"\\"}`, `{"type":"ok","payload": {"a":"}\\\"{"} ,"seq":1}`, `{"payload":[[1],{"x":"]"}],"type":"ok"}`, `{"payload":3 ,"id":1}`} {
		if !protocol.ReplyPlanned(protocol.JSON, []byte(line)) {
			t.Errorf("%s: left to the library", line)
		}
	}
	for _, frame := range []string{`{"payload":}`, `{"payload":`, `{"payload":"\"`, `{"payload":[1}`, `{"payload":1,"payload":2}`} {
		if reply, err := protocol.ParseReply(protocol.JSON, []byte(frame)); err == nil {
			t.Errorf("%s: %+v", frame, reply)
		}
	}
	for _, frame := range []string{"\xa1\x67payload", "\xa1\x67payload\x82\x01", "\xa1\x67payload\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\x67payload\xc0\x01", "\xa2\x67payload\x01\x67payload\x01"} {
		if reply, err := protocol.ParseReply(protocol.CBOR, []byte(frame)); err == nil {
			t.Errorf("%q: %+v", frame, reply)
		}
	}
}

func FuzzDecode(f *testing.F) {
	values := []any{status(), listing(2), &protocol.Event{Time: time.Unix(1, 2), Type: api.JobUpdate.Type, Data: protocol.ValueOf(1)}, &kinds{Any: "a", Table: map[string]any{"b": 1.5}, Nested: &nested{Others: []any{1}}}}
	for which, v := range values {
		for _, enc := range encodings {
			data, err := enc.Marshal(v)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(enc == protocol.CBOR, uint8(which), data)
		}
	}
	f.Fuzz(func(t *testing.T, cbor bool, which uint8, data []byte) {
		compareDecodings(t, encoding(cbor), data, reflect.TypeOf(values[int(which)%len(values)]).Elem())
	})
}

func encoding(cbor bool) protocol.Encoding {
	if cbor {
		return protocol.CBOR
	}
	return protocol.JSON
}

// FuzzParseReply checks that a reply is parsed as the library does it, and that
// what is wrong in a payload is found at last when it is decoded.
func FuzzParseReply(f *testing.F) {
	for _, enc := range encodings {
		f.Add(enc == protocol.CBOR, bytes.Clone(answer(f, enc, listing(1))))
	}
	for _, line := range []string{
		`{"type":"ok","id":1,"seq":2,"payload": {"a":"}\\\"{"} ,"more":1}`, `{"payload":3 }`, `{"payload":}`, `{"payload":null,"type":"ok"}`, `{"payload":"\\"}`, `{"payload":1,"payload":2}`,
		`{"type":"error","error":{"code":"busy","message":"m","details":{"a":[1]},"retryable":true}}`, `{"type":"gap","gap":{"from":1,"reason":"overflow"}}`, `{"coalesced":1}`,
		`{"type":"event","event":{"coalesced":3,"seq":1,"time":"2026-01-02T03:04:05Z","type":"JobUpdate","data":{"x":1}}}`,
	} {
		f.Add(false, []byte(line))
		if item, err := protocol.RawValue(protocol.JSON, []byte(line)).MarshalCBOR(); err == nil {
			f.Add(true, item)
		}
	}
	f.Fuzz(func(t *testing.T, cbor bool, frame []byte) {
		enc := encoding(cbor)
		var want protocol.Reply
		wantErr := enc.DecodeByLibrary(frame, &want)
		got, gotErr := protocol.ParseReply(enc, bytes.Clone(frame))
		if wantErr == nil {
			if gotErr != nil || got.Payload.Raw() != want.Payload.Raw() || !reflect.DeepEqual(*got, want) {
				t.Fatalf("%q: %+v, %v, want %+v", frame, got, gotErr, want)
			}
			return
		}
		var payload any
		if gotErr == nil && (got.Payload.IsZero() || got.Payload.Decode(&payload) == nil) {
			t.Fatalf("%q: %+v, want %v", frame, got, wantErr)
		}
	})
}
