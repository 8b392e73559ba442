package protocol

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/go-json-experiment/json"
)

// FuzzTranscode turns any value into the other encoding and back: it comes back
// as it was.
func FuzzTranscode(f *testing.F) {
	f.Fuzz(func(t *testing.T, cbor bool, data []byte) {
		from, to := JSON, CBOR
		if cbor {
			from, to = CBOR, JSON
		}
		before := bytes.Clone(data)
		there, err := transcode(from, to, data)
		if !bytes.Equal(data, before) {
			t.Fatal("the value was written to")
		}
		malformed := from.check(data) // the library takes null for an empty key, and only clients use it alone
		if err != nil {
			if malformed == nil && representable(t, from, data) {
				t.Fatalf("%v %q does not become %v: %v", from, data, to, err)
			}
			return
		}
		if malformed != nil && !errors.Is(malformed, errNesting) && !errors.Is(malformed, errElements) && !errors.Is(malformed, errBadKey) {
			t.Fatalf("%v %q becomes %v %q, though it is malformed: %v", from, data, to, there, malformed)
		}
		if err := to.check(there); err != nil && !errors.Is(err, errNesting) && !errors.Is(err, errElements) {
			t.Fatalf("%v %q becomes %v %q: %v", from, data, to, there, err)
		}
		if from.check(data) != nil || to.check(there) != nil {
			return // beyond the limits of a message
		}
		back, err := transcode(to, from, there)
		if err != nil {
			t.Fatalf("%v %q becomes %v %q, which does not come back: %v", from, data, to, there, err)
		}
		if got, want := treeText(t, from, back), treeText(t, from, data); got != want {
			t.Fatalf("%v %q becomes %v %q and comes back as %q:\n%s, want\n%s", from, data, to, there, back, got, want)
		}
	})
}

// representable reports whether the other encoding has a form for a value:
// CBOR has numbers that JSON has not, and either has some that Go has not.
func representable(t *testing.T, enc Encoding, data []byte) bool {
	tree, err := decodeTree(enc, data)
	return err == nil && allFinite(tree)
}

func allFinite(tree any) bool {
	switch v := tree.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		for _, e := range v {
			if !allFinite(e) {
				return false
			}
		}
	case map[string]any:
		for _, e := range v {
			if !allFinite(e) {
				return false
			}
		}
	}
	return true
}

func decodeTree(enc Encoding, data []byte) (tree any, err error) {
	if enc == CBOR {
		err = cborDec.Unmarshal(data, &tree)
	} else {
		err = json.Unmarshal(data, &tree, wholeNumbers)
	}
	return tree, err
}

// treeText writes a value so that equal ones have equal texts: numbers by what
// they amount to, bytes in either of their forms the same.
func treeText(t *testing.T, enc Encoding, data []byte) string {
	t.Helper()
	tree, err := decodeTree(enc, data)
	if err != nil {
		t.Fatalf("%v %q: %v", enc, data, err)
	}
	return fmt.Sprintf("%#v", plainBytes(normal(tree)))
}

func plainBytes(tree any) any {
	switch v := tree.(type) {
	case []byte:
		return "bytes " + base64.StdEncoding.EncodeToString(v)
	case big.Int: // a negative number that no int64 holds, which CBOR has
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainBytes(v[i])
		}
	case map[string]any:
		if text, ok := v["b64"].(string); ok && len(v) == 1 {
			if b, err := base64.StdEncoding.DecodeString(text); err == nil {
				return plainBytes(b)
			}
		}
		for k := range v {
			v[k] = plainBytes(v[k])
		}
	}
	return tree
}
