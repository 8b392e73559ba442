package cddl_test

import (
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/cddl"
)

func TestParseRefuses(t *testing.T) {
	for schema, want := range map[string]string{
		`a = b`:                     "line 1: no rule b",
		"a = int\na = tstr":         "line 2: the rule a is given twice",
		`a = { x: int`:              "line 1:",
		`a = tstr .unheard-of 1`:    "no control .unheard-of",
		`a = "without an end`:       "a text without an end",
		`a = #6.32(tstr)`:           `what is "#6.32(tstr)"`,
		"a = m<int>\nm<x, y> = [x]": "line 1: m takes 2 types",
		"a = int\na //= ( b: int )": "of another kind",
		`= int`:                     "a rule expected",
	} {
		_, err := cddl.Parse(schema)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", schema, err, want)
		}
	}
}

// A rule may be used in one text and stand in another.
func TestTextsAreOneSchema(t *testing.T) {
	schema, err := cddl.Parse(`a = [* b]`, `b = int`)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Check("a", decode(t, `[1,2]`)); err != nil {
		t.Error(err)
	}
}

func TestAMismatchSaysWhere(t *testing.T) {
	schema, err := cddl.Parse(`
		a = { type: "list", of: [* item] } / { type: "one", it: item }
		item = { name: tstr, ? size: uint }`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"type":"list","of":[{"name":"x"},{"name":7}]}`: "a: of.1.name: tstr, not 7",
		`{"type":"one"}`: `a: the key "it" is missing`,
		`{"type":"one","it":{"name":"x","size":-1}}`:      "a: it.size: uint, not -1",
		`{"type":"one","it":{"name":"x","colour":"red"}}`: `a: it: no key "colour"`,
		`{"type":"list","of":{}}`:                         "a: of: an array, not {}",
	} {
		if err := schema.Check("a", decode(t, text)); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestWhatIsNotOneValue(t *testing.T) {
	for _, text := range []string{``, `{`, `1 2`, `{"a":1,"a":2}`, `[1`} {
		if v, err := cddl.JSON([]byte(text)); err == nil {
			t.Errorf("%s is %v", text, v)
		}
	}
	for _, item := range []string{"", "\x82\x01", "\x01\x02", "\xa2\x01\x01\x01\x02", "\xc0\x61a"} {
		if v, err := cddl.CBOR([]byte(item)); err == nil {
			t.Errorf("%x is %v", item, v)
		}
	}
}
