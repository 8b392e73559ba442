package protocol

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEncodedForms(t *testing.T) {
	id := mustID("0190a3c4-0000-7000-8000-0000000000ff")
	idBytes := "\x50" + string(id[:])
	zone := time.FixedZone("", 2*60*60)
	for _, tt := range []struct {
		name       string
		in         any
		json, cbor string
	}{
		{"id", id, `"0190a3c4-0000-7000-8000-0000000000ff"`, idBytes},
		{"time", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), `"2026-01-02T03:04:05.000000006Z"`, "\x78\x1e2026-01-02T03:04:05.000000006Z"},
		{"time of another zone", time.Date(2026, 1, 2, 3, 4, 5, 0, zone), `"2026-01-02T01:04:05Z"`, "\x742026-01-02T01:04:05Z"},
		{"nil list", []string(nil), `[]`, "\x80"},
		{"nil map", map[string]int(nil), `{}`, "\xa0"},
		{"map", map[string]int{"b": 1, "a": 2, "cc": 3}, `{"a":2,"b":1,"cc":3}`, "\xa3\x61a\x02\x61b\x01\x62cc\x03"},
		{"left out", Filter{}, `{}`, "\xa0"},
		{"no value", struct {
			V Value `json:"v,omitzero"`
		}{}, `{}`, "\xa0"},
		{"null value", ValueOf(nil), `null`, "\xf6"},
	} {
		for enc, want := range map[Encoding]string{JSON: tt.json, CBOR: tt.cbor} {
			got, err := enc.Append([]byte("before"), tt.in)
			if err != nil || string(got) != "before"+want {
				t.Errorf("%s, %v: %q, %v, want %q", tt.name, enc, got, err, want)
			}
		}
	}
}

func TestTimesKeepTheirNanoseconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Unix(rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		for _, enc := range []Encoding{JSON, CBOR} {
			data, err := enc.Marshal([]time.Time{want})
			if err != nil {
				t.Fatal(err)
			}
			var got []time.Time
			if err := enc.UnmarshalStrict(data, &got); err != nil || !got[0].Equal(want) {
				t.Fatalf("%v: %v, %v, want %v", enc, got, err, want)
			}
		}
	})
}

func TestNumbersThatJSONLacksAreRefusedInBoth(t *testing.T) {
	zero := 0.0
	for _, bad := range []float64{zero / zero, 1 / zero, -1 / zero} {
		for _, enc := range []Encoding{JSON, CBOR} {
			if _, err := enc.Marshal(bad); err == nil {
				t.Errorf("%v: %v is encoded", enc, bad)
			}
		}
	}
	var f float64
	if err := CBOR.UnmarshalStrict([]byte("\xf9\x7e\x00"), &f); !HasCode(err, Deserialization) {
		t.Errorf("CBOR: NaN is decoded: %v", err)
	}
}

func TestValueDecodesWhatValueOfEncodes(t *testing.T) {
	want := inner{ID: mustID(someID), Path: "/a\xff", IDs: []ID{mustID(someID)}}
	for _, enc := range []Encoding{JSON, CBOR} {
		data := encode(t, enc, object{"data": ValueOf(want)})
		var got struct {
			Data Value `json:"data"`
		}
		if err := enc.UnmarshalStrict(data, &got); err != nil {
			t.Fatal(err)
		}
		clear(data) // a frame's buffer is used again
		var back inner
		if err := got.Data.Decode(&back); err != nil || fmt.Sprint(back) != fmt.Sprint(want) {
			t.Errorf("%v: %+v, %v", enc, back, err)
		}
	}
	if ValueOf(1).Decode(new(int)) == nil || (Value{}).Decode(new(int)) == nil {
		t.Error("decoded without anything received")
	}
}

func TestTranscode(t *testing.T) {
	for _, tt := range []struct {
		name       string
		json, cbor string
	}{
		{"whole numbers", `[0,-1,255,9007199254740993,18446744073709551615,-9223372036854775808]`, "\x86\x00\x20\x18\xff\x1b\x00\x20\x00\x00\x00\x00\x00\x01\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{"fraction", `1.5`, "\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"},
		{"literals", `[true,false,null]`, "\x83\xf5\xf4\xf6"},
		{"text", `"é"`, "\x62é"},
		{"path that is not UTF-8", `{"path":{"b64":"/w=="}}`, "\xa1\x64path\x41\xff"},
		{"inside a list", `[[{"b64":"/w=="}]]`, "\x81\x81\x41\xff"},
		{"not a path: more keys", `{"b64":"/w==","x":1}`, "\xa2\x61x\x01\x63b64\x64/w=="},
		{"not a path: no base64", `{"b64":"?"}`, "\xa1\x63b64\x61?"},
		{"not a path: no text", `{"b64":{"type":"string"}}`, "\xa1\x63b64\xa1\x64type\x66string"},
		{"empty", `{}`, "\xa0"},
	} {
		if got, err := RawValue(JSON, []byte(tt.json)).MarshalCBOR(); err != nil || string(got) != tt.cbor {
			t.Errorf("%s to CBOR: %x, %v, want %x", tt.name, got, err, tt.cbor)
		}
		got, err := RawValue(CBOR, []byte(tt.cbor)).JSON()
		if tt.name == "not a path: more keys" {
			tt.json = `{"b64":"/w==","x":1}`
		}
		if err != nil || string(got) != tt.json {
			t.Errorf("%s to JSON: %s, %v, want %s", tt.name, got, err, tt.json)
		}
	}
}

func TestATranscodedValueDecodesIntoItsType(t *testing.T) {
	type output struct {
		Files int64            `json:"files"`
		Rate  float64          `json:"rate"`
		Kinds map[string]int64 `json:"kinds"`
		Paths []Path           `json:"paths"`
		At    time.Time        `json:"at"`
	}
	want := output{1 << 60, 2, map[string]int64{"image": 3}, []Path{"/a", "/\xff"}, time.Unix(1, 2).UTC()}
	for _, from := range []Encoding{JSON, CBOR} {
		to := JSON + CBOR - from
		stored := RawValue(from, encode(t, from, want))
		var got output
		if err := to.UnmarshalStrict(encode(t, to, stored), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v to %v: %+v, %v", from, to, got, err)
		}
	}
}

func TestTranscodingThereAndBackKeepsTheValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := drawTree(t, 4)
		first, err := JSON.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		there, err := transcode(JSON, CBOR, first)
		if err != nil {
			t.Fatal(err)
		}
		back, err := transcode(CBOR, JSON, there)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if JSON.Unmarshal(first, &want) != nil || JSON.Unmarshal(back, &got) != nil || fmt.Sprint(normal(got)) != fmt.Sprint(normal(want)) {
			t.Fatalf("%s, want %s", back, first)
		}
	})
}

func TestTranscodingRefusesWhatIsNoValue(t *testing.T) {
	for _, v := range []Value{RawValue(JSON, []byte(`{`)), RawValue(JSON, []byte(`1e999`)), RawValue(CBOR, []byte("\xa1\x01\x01")), RawValue(CBOR, []byte("\xf9\x7e\x00"))} {
		for _, enc := range []Encoding{JSON, CBOR} {
			if v.enc == enc {
				continue
			}
			if out, err := AppendOK(nil, enc, TypeOK, 1, v); !HasCode(err, Serialization) || len(out) != 0 {
				t.Errorf("%q: %q, %v", v.raw, out, err)
			}
		}
	}
}

func TestParseID(t *testing.T) {
	id := NewID()
	if id.Version() != 7 {
		t.Errorf("version %d", id.Version())
	}
	if got, err := ParseID(strings.ToUpper(id.String())); err != nil || got != id {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ParseID("x"); err == nil {
		t.Error("x is an id")
	}
	later := NewID()
	if later.String() <= id.String() {
		t.Errorf("%v was made after %v and sorts before it", later, id)
	}
}

func TestAnIDIsTextInJSONAndBytesInCBOR(t *testing.T) {
	id := must(ParseID("0192f3a4-00b5-7c6d-8e9f-0a1b2c3d4e5f"))
	for name, v := range map[string]any{"value": id, "pointer": &id} {
		if got, err := JSON.Marshal(v); err != nil || string(got) != `"`+id.String()+`"` {
			t.Errorf("%s in JSON: %s, %v", name, got, err)
		}
		if got, err := CBOR.Marshal(v); err != nil || string(got) != "\x50"+string(id[:]) {
			t.Errorf("%s in CBOR: %x, %v", name, got, err)
		}
	}
	if got, err := JSON.Marshal(map[ID]int{id: 1}); err != nil || string(got) != `{"`+id.String()+`":1}` {
		t.Errorf("as a key: %s, %v", got, err)
	}
}
