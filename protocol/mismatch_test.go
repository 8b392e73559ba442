package protocol

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The types that a payload is made of, one inside the other.
type (
	outer struct {
		Name   string           `json:"name"`
		Count  uint8            `json:"count"`
		Signed int64            `json:"signed"`
		On     bool             `json:"on"`
		When   time.Time        `json:"when"`
		Until  *time.Time       `json:"until"`
		Owner  *inner           `json:"owner"`
		List   []inner          `json:"list"`
		Deep   [][]inner        `json:"deep"`
		ByName map[string]share `json:"by_name"`
		Data   []byte           `json:"data"`
		Free   Value            `json:"free"`
		Word   word             `json:"word"`
		Hidden string           `json:"-"`
		Plain  string
		page
		Named `json:"named"`
	}
	inner struct {
		ID   ID   `json:"id"`
		Path Path `json:"path"`
		IDs  []ID `json:"ids"`
	}
	share struct {
		Ratio float64 `json:"ratio"`
	}
	page struct {
		Limit int    `json:"limit"`
		Name  int    `json:"name"` // outer.Name hides it
		After cursor `json:"after"`
	}
	cursor struct {
		Key string `json:"key"`
	}
	Named struct {
		Key string `json:"key"`
	}
)

// A word decodes itself and has a text of its own for what it refuses.
type word string

func (w *word) UnmarshalText(text []byte) error {
	if string(text) != "up" && string(text) != "down" {
		return errors.New("one of up, down expected")
	}
	*w = word(text)
	return nil
}

func (w *word) UnmarshalCBOR(data []byte) error {
	var text string
	if err := cborDec.Unmarshal(data, &text); err != nil {
		return err
	}
	return w.UnmarshalText([]byte(text))
}

func TestMisfitsAreNamed(t *testing.T) {
	one := func(key string, value any) object { return object{key: value} }
	for _, tt := range []struct {
		in    any
		field string
		want  string // the problem
	}{
		{one("name", 1), "name", "a text expected"},
		{one("name", []string{}), "name", "a text expected"},
		{one("count", "1"), "count", "a non-negative whole number expected"},
		{one("count", 1.5), "count", "a non-negative whole number expected"},
		{one("count", -1), "count", "a non-negative whole number of at most 8 bits expected"},
		{one("count", 256), "count", "a non-negative whole number of at most 8 bits expected"},
		{one("signed", uint64(1<<63)), "signed", "a whole number of at most 64 bits expected"},
		{one("signed", true), "signed", "a whole number expected"},
		{one("on", 1), "on", "true or false expected"},
		{one("when", "yesterday"), "when", "a time expected, such as 2006-01-02T15:04:05Z"},
		{one("when", object{}), "when", "a time expected, such as 2006-01-02T15:04:05Z"},
		{one("until", "yesterday"), "until", "a time expected, such as 2006-01-02T15:04:05Z"},
		{one("owner", 1), "owner", "an object expected"},
		{one("owner", object{"id": "x"}), "owner.id", "an id expected: a UUID, as text in JSON and as 16 bytes in CBOR"},
		{one("owner", object{"colour": 1}), "owner.colour", "unknown key"},
		{one("list", object{}), "list", "a list expected"},
		{one("list", []any{object{}, 1}), "list.1", "an object expected"},
		{one("list", []any{object{}, object{"path": 1}}), "list.1.path", `a path expected: text, or where it is not UTF-8 {"b64":"…"} in JSON and bytes in CBOR`},
		{one("list", []any{object{"path": "a\x00"}}), "list.0.path", "a path cannot hold a NUL byte"},
		{one("list", []any{object{"ids": []any{mustID(someID), mustID(someID), "x"}}}), "list.0.ids.2", "an id expected: a UUID, as text in JSON and as 16 bytes in CBOR"},
		{one("deep", []any{[]any{}, []any{object{}, object{"Path": ""}}}), "deep.1.1.Path", "unknown key"},
		{one("by_name", []any{}), "by_name", "an object expected"},
		{one("by_name", object{"a": object{}, "b": object{"ratio": "x"}}), "by_name.b.ratio", "a number expected"},
		{one("data", 1), "data", "bytes (in JSON: base64 text) expected"},
		{one("word", "sideways"), "word", "one of up, down expected"},
		{one("word", 1), "word", "a text expected"},
		{one("limit", "x"), "limit", "a whole number expected"},
		{one("after", object{"key": 1}), "after.key", "a text expected"},
		{one("named", object{"key": 1}), "named.key", "a text expected"},
		{one("key", "x"), "key", "unknown key"}, // Named.Key stands under named
		{one("Plain", 1), "Plain", "a text expected"},
		{one("Hidden", ""), "Hidden", "unknown key"},
		{one("-", ""), "-", "unknown key"},
		{one("NAME", ""), "NAME", "unknown key"},
		{one("page", object{}), "page", "unknown key"},
		{object{"b": 1, "a": 1, "name": 2}, "a", "unknown key"}, // the first by name
		{one(strings.Repeat("x", 100), 1), strings.Repeat("x", 64) + "…", "unknown key"},
		{[]any{}, "", "an object expected"},
		{7, "", "an object expected"},
		{"text", "", "an object expected"},
	} {
		for _, enc := range []Encoding{JSON, CBOR} {
			err := AsError(enc.UnmarshalStrict(encode(t, enc, tt.in), new(outer)))
			if err == nil {
				t.Errorf("%v, %v: accepted", tt.in, enc)
				continue
			}
			message, field := tt.want, any(nil)
			if tt.field != "" {
				message, field = tt.field+": "+tt.want, tt.field
			}
			if err.Code != Deserialization || err.Message != message || err.Details["field"] != field {
				t.Errorf("%v, %v:\n%s %q in %v, want\n%q", tt.in, enc, err.Code, err.Message, err.Details, message)
			}
		}
	}
}

func TestMisfitWithWhiteSpaceAround(t *testing.T) {
	if err := JSON.UnmarshalStrict([]byte(" 256\n"), new(uint8)); err == nil || !strings.Contains(err.Error(), "at most 8 bits") {
		t.Errorf("%v", err)
	}
	if err := JSON.UnmarshalStrict([]byte("\t\"left\" "), new(word)); err == nil || err.Error() != "one of up, down expected" {
		t.Errorf("%v", err)
	}
}

func TestMisfitOfMalformedData(t *testing.T) {
	for data, enc := range map[string]Encoding{"": JSON, "{": JSON, `{"name":"x"} x`: JSON, `{"name":"x","name":"y"}`: JSON, "\xa1": CBOR, "\xa0\xa0": CBOR, "\xbf\xff": CBOR} {
		err := AsError(enc.UnmarshalStrict([]byte(data), new(outer)))
		if err == nil || err.Code != Deserialization || err.Details != nil || strings.HasSuffix(err.Message, " expected") {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestFitsInBothEncodings(t *testing.T) {
	in := object{
		"name": "x", "count": 255, "signed": int64(-1 << 62), "on": true, "when": time.Unix(1, 2).UTC(), "until": nil,
		"owner": object{"id": mustID(someID), "path": Path("\xff")}, "list": []any{object{}}, "by_name": object{"a": object{"ratio": 1}},
		"data": []byte{1}, "free": object{"x": 1}, "word": "up", "limit": 5, "after": object{"key": "k"}, "named": object{"key": "n"}, "Plain": "p",
	}
	for _, enc := range []Encoding{JSON, CBOR} {
		var got outer
		if err := enc.UnmarshalStrict(encode(t, enc, in), &got); err != nil {
			t.Errorf("%v: %v", enc, err)
		}
		if got.Name != "x" || got.Count != 255 || got.Signed != -1<<62 || !got.When.Equal(time.Unix(1, 2)) || got.Owner.Path != "\xff" || got.Limit != 5 || got.page.After.Key != "k" || got.Named.Key != "n" || got.ByName["a"].Ratio != 1 || got.Word != "up" {
			t.Errorf("%v: %+v", enc, got)
		}
	}
}

var foreign = regexp.MustCompile(`\bGo\b|json:|cbor:|protocol\.|reflect|uuid\.|struct|uint8|int64`)

// FuzzUnmarshalStrict decodes anything into a type of many kinds: it fits, or
// it gets an error that a user can read.
func FuzzUnmarshalStrict(f *testing.F) {
	f.Fuzz(func(t *testing.T, cbor bool, data []byte) {
		enc := JSON
		if cbor {
			enc = CBOR
		}
		before := string(data)
		bad := enc.decodeStrict(data, new(outer))
		if string(data) != before {
			t.Fatal("the data was written to")
		}
		if bad == nil {
			return
		}
		if enc.check(data) == nil && foreign.MatchString(bad.problem) {
			t.Fatalf("%q: no text for a user: %q", data, bad.problem)
		}
		if bad.problem == "" || bad.problem == "not acceptable here" {
			t.Fatalf("%q: %+v", data, *bad)
		}
		if len(bad.field) > 64*MaxNesting {
			t.Fatalf("a field of %d bytes", len(bad.field))
		}
	})
}
