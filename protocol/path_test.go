package protocol

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPathForms(t *testing.T) {
	for _, tt := range []struct{ path, json, cbor string }{
		{"", `""`, "\x60"},
		{"/a", `"/a"`, "\x62/a"},
		{"/é", `"/é"`, "\x63/é"},
		{"a\nb\"\\", `"a\nb\"\\"`, "\x65a\nb\"\\"},
		{"\ufffd", `"` + "\ufffd" + `"`, "\x63\ufffd"}, // valid UTF-8, and not to be taken for a repair
		{"/caf\xe9", `{"b64":"L2NhZuk="}`, "\x45/caf\xe9"},
		{"\xff", `{"b64":"/w=="}`, "\x41\xff"},
		{"\xed\xa0\x80", `{"b64":"7aCA"}`, "\x43\xed\xa0\x80"}, // a surrogate
	} {
		for enc, want := range map[Encoding]string{JSON: tt.json, CBOR: tt.cbor} {
			got, err := enc.Marshal(Path(tt.path))
			if err != nil || string(got) != want {
				t.Errorf("%q, %v: %q, %v, want %q", tt.path, enc, got, err, want)
			}
		}
	}
}

func TestPathDecodes(t *testing.T) {
	for _, tt := range []struct {
		name string
		enc  Encoding
		data string
		want Path
		ok   bool
	}{
		{"text", JSON, `"/a"`, "/a", true},
		{"escapes", JSON, `"\u00e9\/"`, "é/", true},
		{"bytes", JSON, `{"b64":"/w=="}`, "\xff", true},
		{"bytes that are text after all", JSON, `{"b64":"YQ=="}`, "a", true},
		{"no bytes", JSON, `{"b64":""}`, "", true},
		{"null", JSON, `null`, "", true},
		{"null", CBOR, "\xf6", "", true},
		{"text", CBOR, "\x62/a", "/a", true},
		{"bytes", CBOR, "\x41\xff", "\xff", true},
		{"bytes that are text after all", CBOR, "\x41a", "a", true},

		{"NUL in text", JSON, `"a\u0000"`, "", false},
		{"NUL in bytes", JSON, `{"b64":"AA=="}`, "", false},
		{"NUL in text", CBOR, "\x61\x00", "", false},
		{"NUL in bytes", CBOR, "\x41\x00", "", false},
		{"lone surrogate", JSON, `"\ud800"`, "", false},
		{"text that is no UTF-8", JSON, "\"\xff\"", "", false},
		{"text that is no UTF-8", CBOR, "\x61\xff", "", false},
		{"base64 without padding", JSON, `{"b64":"/w"}`, "", false},
		{"base64 for URLs", JSON, `{"b64":"_w=="}`, "", false},
		{"an object without b64", JSON, `{}`, "", false},
		{"b64 null", JSON, `{"b64":null}`, "", false},
		{"an object with more", JSON, `{"b64":"","x":1}`, "", false},
		{"key in the wrong case", JSON, `{"B64":""}`, "", false},
		{"integer", JSON, `1`, "", false},
		{"list", JSON, `[1]`, "", false},
		{"integer", CBOR, "\x01", "", false},
		{"list of bytes", CBOR, "\x81\x01", "", false},
		{"map", CBOR, "\xa0", "", false},
	} {
		got := Path("before")
		err := tt.enc.UnmarshalStrict([]byte(tt.data), &got)
		if tt.ok && (err != nil || got != tt.want) {
			t.Errorf("%s, %v: %q, %v, want %q", tt.name, tt.enc, got, err, tt.want)
		}
		if !tt.ok && !HasCode(err, Deserialization) {
			t.Errorf("%s, %v: %q, %v", tt.name, tt.enc, got, err)
		}
	}
}

// drawPath draws the name of a file: any bytes but NUL.
func drawPath(t *rapid.T) Path {
	b := rapid.OneOf(rapid.SliceOf(rapid.ByteRange(1, 255)), rapid.Map(rapid.String(), func(s string) []byte {
		return bytes.ReplaceAll([]byte(s), []byte{0}, nil)
	})).Draw(t, "path")
	return Path(b)
}

func TestAnyPathComesBackByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkPathReturns(t, drawPath(t)) })
}

func checkPathReturns(t interface{ Fatalf(string, ...any) }, want Path) {
	// As a value, as a member and as an element.
	type places struct {
		Path  Path   `json:"path,omitzero"`
		Paths []Path `json:"paths"`
		Any   any    `json:"any"`
	}
	for _, enc := range []Encoding{JSON, CBOR} {
		data, err := enc.Marshal(places{want, []Path{want, want}, want})
		if err != nil {
			t.Fatalf("%v: %v", enc, err)
		}
		if enc == JSON && !utf8.Valid(data) {
			t.Fatalf("%q is not UTF-8", data)
		}
		var got places
		if err := enc.UnmarshalStrict(data, &got); err != nil {
			t.Fatalf("%v: %v", enc, err)
		}
		if got.Path != want || len(got.Paths) != 2 || got.Paths[0] != want || got.Paths[1] != want {
			t.Fatalf("%v: %q, want %q", enc, got, want)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if p := Path(b); p.Valid() {
			checkPathReturns(t, p)
		}
		// What a client sends as a path is refused or is one.
		for _, enc := range []Encoding{JSON, CBOR} {
			var p Path
			err := enc.UnmarshalStrict(b, &p)
			if !p.Valid() {
				t.Fatalf("%v %q: not a path: %q", enc, b, p)
			}
			if err == nil {
				checkPathReturns(t, p)
			}
		}
		var p Path
		_ = p.UnmarshalCBOR(b) // whoever calls it
	})
}

func TestContains(t *testing.T) {
	for _, tt := range []struct {
		p, q Path
		want bool
	}{
		{"/", "/", true}, {"/", "/a", true}, {"/a", "/a", true}, {"/a", "/a/b", true}, {"/a", "/a/b/c", true}, {"/a\xff", "/a\xff/b", true},
		{"/a", "/", false}, {"/a", "/ab", false}, {"/a/b", "/a", false}, {"/a", "/b/a", false},
	} {
		if got := tt.p.Contains(tt.q); got != tt.want {
			t.Errorf("%q contains %q: %v", tt.p, tt.q, got)
		}
	}
}
