package cddl

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// A value is nil, a bool, an int64, a uint64 beyond it, a float64, a string,
// a []byte, a []any, or an object.

// An object is a map's members, by key.
type object []member

type member struct{ key, value any }

// JSON decodes one JSON text. A number that is written without a point and
// without an exponent is an integer (RFC 8610, appendix E).
func JSON(text []byte) (any, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := readJSON(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON text")
	}
	return v, nil
}

func readJSON(dec *jsontext.Decoder) (any, error) {
	t, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return t.Bool(), nil
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String())
	case '[':
		list := []any{}
		for dec.PeekKind() != ']' {
			v, err := readJSON(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.ReadToken()
		return list, err
	}
	members := object{}
	for dec.PeekKind() != '}' {
		key, err := readJSON(dec)
		if err != nil {
			return nil, err
		}
		v, err := readJSON(dec)
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, v})
	}
	_, err = dec.ReadToken()
	return members, err
}

func number(text string) (any, error) {
	if strings.ContainsAny(text, ".eE") {
		return strconv.ParseFloat(text, 64)
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	return strconv.ParseUint(text, 10, 64)
}

// CBOR decodes one CBOR item.
func CBOR(item []byte) (any, error) {
	var v any
	if err := cborMode.Unmarshal(item, &v); err != nil {
		return nil, err
	}
	return fromCBOR(v)
}

var cborMode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, TagsMd: cbor.TagsForbidden}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

func fromCBOR(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, []byte:
		return v, nil
	case uint64:
		if i := int64(v); i >= 0 {
			return i, nil
		}
		return v, nil
	case cbor.ByteString: // of a map's key
		return []byte(v), nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = fromCBOR(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[any]any:
		members := object{}
		for key, value := range v {
			key, err := fromCBOR(key)
			if err != nil {
				return nil, err
			}
			if value, err = fromCBOR(value); err != nil {
				return nil, err
			}
			members = append(members, member{key, value})
		}
		slices.SortFunc(members, func(a, b member) int { return cmp.Compare(fmt.Sprint(a.key), fmt.Sprint(b.key)) })
		return members, nil
	}
	return nil, fmt.Errorf("a %T is not of the data that CDDL's prelude without tags describes", v)
}
