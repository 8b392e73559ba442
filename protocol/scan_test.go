package protocol

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func TestScanJSON(t *testing.T) {
	for _, tt := range []struct {
		line string
		want string // in the error; empty: accepted
	}{
		{`{}`, ""},
		{" {\t} \r\n", ""},
		{`{"a":null,"b":[true,false,{}],"c":"é\u00e9\ud83d\ude00","d":-0.5e+10}`, ""},
		{`{"":1}`, ""},
		{`{"a":0}`, ""},
		{"{\"a\":\"\x7f\"}", ""},
		{`{"a":"\\\/\"\b\f\n\r\t"}`, ""},

		{``, "object"}, {`[]`, "object"}, {`"a"`, "object"}, {`7`, "object"}, {`null`, "object"},
		{`{`, "cut off"}, {`{"a"`, "cut off"}, {`{"a":`, "cut off"}, {`{"a":1`, "cut off"}, {`{"a":"`, "cut off"}, {`{"a":"\`, "cut off"},
		{`{"a":tru`, "cut off"}, {`{"a":-`, "not a number"}, {`{"a":1e`, "not a number"}, {`{"a":[`, "cut off"}, {`{"a":[1,`, "cut off"}, {`{"a":1,`, "cut off"},
		{`{}{}`, "unexpected '{'"}, {`{} x`, "unexpected 'x'"},
		{`{,}`, "unexpected ','"}, {`{"a":1,}`, "unexpected '}'"}, {`{"a":[1,]}`, "unexpected ']'"}, {`{"a" 1}`, "unexpected '1'"},
		{`{a:1}`, "unexpected 'a'"}, {`{'a':1}`, `unexpected '\''`}, {`{1:1}`, "unexpected '1'"}, {`{"a":nil}`, "unexpected 'n'"},
		{`{"a":01}`, "not a number"}, {`{"a":+1}`, "not a number"}, {`{"a":.5}`, "not a number"}, {`{"a":1.}`, "not a number"},
		{`{"a":1e}`, "not a number"}, {`{"a":NaN}`, "unexpected 'N'"}, {`{"a":0x1}`, "unexpected 'x'"}, {`{"a":-}`, "not a number"},
		{"{\"a\":\"\x1f\"}", `unexpected '\x1f'`}, {"{\"a\":\"\n\"}", `unexpected '\n'`}, {"{\"a\":\x00}", `unexpected '\x00'`}, {"{\x00}", `unexpected '\x00'`}, {"{\"a\":1}\x00", `unexpected '\x00'`},
		{"{/**/}", "unexpected '/'"}, {"\ufeff{}", "object"}, {"{\u00a0}", "unexpected"},
		{`{"a":"\x"}`, "escape"}, {`{"a":"\u12"}`, "escape"}, {`{"a":"\u12g4"}`, "escape"},
		{`{"a":"\ud83d"}`, "surrogate"}, {`{"a":"\ude00"}`, "surrogate"}, {`{"a":"\ud83d\ud83d"}`, "surrogate"}, {`{"a":"\ud83dx"}`, "surrogate"}, {`{"\ud83d":1}`, "surrogate"},
		{"{\"a\":\"\xff\"}", "UTF-8"}, {"{\"\xff\":1}", "UTF-8"}, {"{\"a\":\"\xed\xa0\x80\"}", "UTF-8"}, {"{\"a\":\"\xc0\xaf\"}", "UTF-8"}, {"{\"a\":\"\xe2\x82\"}", "UTF-8"}, {"{\xff", "UTF-8"},
		{`{"a":1,"a":1}`, `"a" stands twice`}, {`{"a":1,"\u0061":1}`, `"a" stands twice`}, {`{"x":[{"a":1,"a":2}]}`, `"a" stands twice`},
		{`{"a":1,"A":1}`, ""},
	} {
		_, err := scanJSON([]byte(tt.line), nil)
		checkScanError(t, tt.line, err, tt.want)
	}
}

func checkScanError(t *testing.T, input string, err error, want string) {
	t.Helper()
	if want == "" && err != nil {
		t.Errorf("%.80q: %v", input, err)
	}
	if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%.80q: %v, want %q", input, err, want)
	}
}

func TestScanCBOR(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       string // in the error; empty: accepted
	}{
		{"empty map", "\xa0", ""},
		{"scalars", "\xa6\x61a\x01\x61b\x20\x61c\xf4\x61d\xf6\x61e\xf7\x61f\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", ""},
		{"integers of every width", "\xa5\x61a\x17\x61b\x18\x01\x61c\x19\x00\x01\x61d\x1a\x00\x00\x00\x01\x61e\x1b\x00\x00\x00\x00\x00\x00\x00\x01", ""},
		{"lengths of every width", "\xb8\x02\x78\x01a\x98\x01\x01\x79\x00\x01b\x5a\x00\x00\x00\x01x", ""},
		{"half and single floats", "\xa2\x61a\xf9\x3c\x00\x61b\xfa\x3f\x80\x00\x00", ""},

		{"nothing", "", "object"}, {"an array", "\x80", "object"}, {"an integer", "\x01", "object"}, {"a tagged map", "\xd9\xd9\xf7\xa0", "object"},
		{"no pair", "\xa1", "cut off"}, {"no value", "\xa1\x61a", "cut off"}, {"half a key", "\xa1\x62a", "cut off"}, {"half an integer", "\xa1\x61a\x19\x01", "cut off"},
		{"a claim of 2^64 pairs", "\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "more than"},
		{"a claim of 2^64 elements", "\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "more than"},
		{"a claim of 2^64 bytes", "\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "cut off"},
		{"a claim of 2^63 characters", "\xa1\x7b\x80\x00\x00\x00\x00\x00\x00\x00", "cut off"},
		{"bytes left over", "\xa0\xa0", "after the message's end"},
		{"a map without length", "\xbf\xff", "indefinite"}, {"text without length", "\xa1\x61a\x7f\x61b\xff", "indefinite"}, {"an array without length", "\xa1\x61a\x9f\xff", "indefinite"}, {"a break", "\xa1\x61a\xff", "indefinite"},
		{"a tag", "\xa1\x61a\xc0\x60", "a tag"}, {"a big number", "\xa1\x61a\xc2\x41\x01", "a tag"},
		{"reserved lengths", "\xa1\x61a\x1c", "malformed"},
		{"a simple value", "\xa1\x61a\xe0", "simple value"}, {"a simple value of two bytes", "\xa1\x61a\xf8\xff", "simple value"}, {"false in two bytes", "\xa1\x61a\xf8\x14", "simple value"},
		{"a key that is an integer", "\xa1\x01\x01", "key that is not text"}, {"a key of bytes", "\xa1\x41a\x01", "key that is not text"}, {"such a key further in", "\xa1\x61a\xa1\x01\x01", "key that is not text"},
		{"text that is no UTF-8", "\xa1\x61a\x61\xff", "UTF-8"}, {"a key that is no UTF-8", "\xa1\x61\xff\x01", "UTF-8"},
		{"bytes that are no UTF-8", "\xa1\x61a\x41\xff", ""},
		{"a key twice", "\xa2\x61a\x01\x61a\x01", `"a" stands twice`}, {"a key twice, its length in another width", "\xa2\x61a\x01\x78\x01a\x01", `"a" stands twice`}, {"a key twice further in", "\xa1\x61x\x81\xa2\x61a\x01\x61a\x01", `"a" stands twice`},
	} {
		_, err := scanCBOR([]byte(tt.data), nil)
		checkScanError(t, tt.name, err, tt.want)
	}
}

// nested returns a message with n arrays and maps inside one another, itself
// among them.
func nested(enc Encoding, n int) []byte {
	if enc == CBOR {
		return []byte(strings.Repeat("\xa1\x61a", n-1) + "\xa0")
	}
	return []byte(strings.Repeat(`{"a":`, n-1) + `{}` + strings.Repeat(`}`, n-1))
}

func nestedArrays(enc Encoding, n int) []byte {
	if enc == CBOR {
		return []byte("\xa1\x61a" + strings.Repeat("\x81", n-2) + "\x80")
	}
	return []byte(`{"a":` + strings.Repeat(`[`, n-1) + strings.Repeat(`]`, n-1) + `}`)
}

func TestNestingLimit(t *testing.T) {
	for _, enc := range []Encoding{JSON, CBOR} {
		for _, tt := range []struct {
			depth int
			want  error
		}{{1, nil}, {2, nil}, {32, nil}, {33, errNesting}, {10_000, errNesting}} {
			if _, err := scan(enc, nested(enc, tt.depth), nil); err != tt.want {
				t.Errorf("%v, %d maps: %v, want %v", enc, tt.depth, err, tt.want)
			}
			if tt.depth == 1 {
				continue
			}
			if _, err := scan(enc, nestedArrays(enc, tt.depth), nil); err != tt.want {
				t.Errorf("%v, %d arrays: %v, want %v", enc, tt.depth, err, tt.want)
			}
		}
		// What is no container does not count.
		deepest := strings.Replace(string(nested(enc, 32)), map[Encoding]string{JSON: "{}", CBOR: "\xa0"}[enc], map[Encoding]string{JSON: `{"a":"text"}`, CBOR: "\xa1\x61a\x60"}[enc], 1)
		if _, err := scan(enc, []byte(deepest), nil); err != nil {
			t.Errorf("%v: a text on the last level: %v", enc, err)
		}
	}
}

func TestElementLimit(t *testing.T) {
	for _, enc := range []Encoding{JSON, CBOR} {
		for _, tt := range []struct {
			n    int
			want error
		}{{MaxElements, nil}, {MaxElements + 1, errElements}} {
			list, _ := enc.Marshal(map[string][]bool{"a": make([]bool, tt.n)})
			if _, err := scan(enc, list, nil); err != tt.want {
				t.Errorf("%v, %d elements: %v, want %v", enc, tt.n, err, tt.want)
			}
			keys := make(map[string]int, tt.n)
			for i := range tt.n {
				keys[fmt.Sprint(i)] = i
			}
			pairs, _ := enc.Marshal(keys)
			if _, err := scan(enc, pairs, nil); err != tt.want {
				t.Errorf("%v, %d keys: %v, want %v", enc, tt.n, err, tt.want)
			}
		}
	}
}

func TestKeysAreUniqueHoweverMany(t *testing.T) {
	for n := range 40 {
		var keys keySet
		for i := range n {
			if !keys.add(fmt.Appendf(nil, "k%d", i)) {
				t.Fatalf("key %d of %d is new", i, n)
			}
		}
		for i := range n {
			if keys.add(fmt.Appendf(nil, "k%d", i)) {
				t.Fatalf("key %d of %d stands twice", i, n)
			}
		}
	}
}

// FuzzScanJSON holds scanJSON against jsontext, whose defaults are the rules
// of RFC 8259 and I-JSON.
func FuzzScanJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, line []byte) {
		members, err := scanJSON(line, nil)
		if errors.Is(err, errNesting) || errors.Is(err, errElements) {
			return
		}
		value := jsontext.Value(line)
		valid := value.IsValid() && value.Kind() == '{'
		if valid != (err == nil) {
			t.Fatalf("%q: jsontext says %v, scanJSON %v", line, valid, err)
		}
		if err != nil {
			return
		}
		var want map[string]jsontext.Value
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatalf("%q does not decode: %v", line, err)
		}
		checkMembers(t, members, func(key string) ([]byte, bool) { v, ok := want[key]; return v, ok }, len(want))
	})
}

func checkMembers(t *testing.T, got []member, want func(key string) ([]byte, bool), n int) {
	t.Helper()
	if len(got) != n {
		t.Fatalf("%d members, want %d", len(got), n)
	}
	for _, m := range got {
		value, ok := want(string(m.key))
		if !ok || string(value) != string(m.value) {
			t.Fatalf("member %q: %q, want %q", m.key, m.value, value)
		}
	}
}

// cborReference decodes by the rules of scanCBOR, apart from the limits, and
// from NaN and the infinities, which a payload's type refuses later.
var cborReference = must(func() (cbor.DecMode, error) {
	opts := cborDecOptions
	opts.DefaultMapType = nil // any key, for textKeys to judge
	opts.MaxNestedLevels = 1000
	opts.NaN = cbor.NaNDecodeAllowed
	opts.Inf = cbor.InfDecodeAllowed
	return opts.DecMode()
}())

// FuzzScanCBOR holds scanCBOR against fxamacker/cbor at its strictest.
func FuzzScanCBOR(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := scanCBOR(data, nil)
		if errors.Is(err, errNesting) || errors.Is(err, errElements) {
			return
		}
		var want map[string]cbor.RawMessage
		var tree any
		refErr := errors.Join(cborReference.Wellformed(data), cborReference.Unmarshal(data, &want), cborReference.Unmarshal(data, &tree))
		if _, isMap := tree.(map[any]any); refErr == nil && (!isMap || !textKeys(tree)) {
			refErr = errBadKey // null decodes into a map, and into a key
		}
		if (refErr == nil) != (err == nil) {
			t.Fatalf("%x: cbor says %v, scanCBOR %v", data, refErr, err)
		}
		if err == nil {
			checkMembers(t, members, func(key string) ([]byte, bool) { v, ok := want[key]; return v, ok }, len(want))
		}
	})
}

// textKeys reports whether all keys in tree are text.
func textKeys(tree any) bool {
	switch v := tree.(type) {
	case []any:
		for _, element := range v {
			if !textKeys(element) {
				return false
			}
		}
	case map[any]any:
		for key, value := range v {
			if _, isText := key.(string); !isText || !textKeys(value) {
				return false
			}
		}
	}
	return true
}
