package protocol

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Encoding is one of the two forms in which messages cross the wire. Go
// types carry one set of struct tags, `json:"…"`, for both; a field that may be
// left out is marked omitzero.
type Encoding uint8

// The two encodings. A connection has one of them for all its life.
const (
	JSON Encoding = iota + 1 // RFC 8259, one message a line
	CBOR                     // RFC 8949, one length-prefixed map a message
)

// String returns the encoding's name.
func (e Encoding) String() string {
	switch e {
	case JSON:
		return "json"
	case CBOR:
		return "cbor"
	}
	return "no encoding"
}

var (
	cborDec = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   MaxNesting,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		DefaultMapType:    reflect.TypeFor[map[string]any](),
	}.DecMode())
	cborDecStrict = must(func() (cbor.DecMode, error) {
		opts := cborDec.DecOptions()
		opts.ExtraReturnErrors = cbor.ExtraDecErrorUnknownField
		return opts.DecMode()
	}())
	cborEnc = must(cbor.EncOptions{
		Time:          cbor.TimeRFC3339Nano,
		NilContainers: cbor.NilContainerAsEmpty,
		Sort:          cbor.SortNone,
		IndefLength:   cbor.IndefLengthForbidden,
		TagsMd:        cbor.TagsForbidden,
	}.EncMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Append encodes v and appends it to buf. A nil slice is an empty array, a nil
// map an empty map.
func (e Encoding) Append(buf []byte, v any) ([]byte, error) {
	if e == CBOR {
		b, err := cborEnc.Marshal(v)
		return append(buf, b...), err
	}
	b, err := json.Marshal(v, json.Deterministic(true))
	return append(buf, b...), err
}

// Marshal encodes v.
func (e Encoding) Marshal(v any) ([]byte, error) { return e.Append(nil, v) }

// Unmarshal decodes data into the value that v points to, ignoring keys that
// it does not know, as a client does.
func (e Encoding) Unmarshal(data []byte, v any) error {
	if e == CBOR {
		return cborDec.Unmarshal(data, v)
	}
	return json.Unmarshal(data, v)
}

// UnmarshalStrict decodes data into the value that v points to, as a server
// does: keys are case-sensitive and unknown ones refused. What is returned is
// nil or an *Error with code Deserialization that names the field.
func (e Encoding) UnmarshalStrict(data []byte, v any) error {
	err := e.unmarshalStrict(data, v)
	if err == nil {
		return nil
	}
	field, err := e.locate(data, reflect.TypeOf(v).Elem(), err)
	wire := Errorf(Deserialization, "%s", cleanDecodeError(err))
	if field != "" {
		wire.Message = field + ": " + wire.Message
		wire.With("field", field)
	}
	return wire
}

func (e Encoding) unmarshalStrict(data []byte, v any) error {
	if e == CBOR {
		return cborDecStrict.Unmarshal(data, v)
	}
	return json.Unmarshal(data, v, json.RejectUnknownMembers(true))
}

// locate finds the innermost part of data that does not decode into t, where
// decoding the whole failed with err. It returns the dotted name of that part,
// empty for data itself, and the part's own error. It runs on errors only, so
// that the two libraries' different ways of naming a field need not matter.
func (e Encoding) locate(data []byte, t reflect.Type, err error) (string, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	join := func(name, rest string) string { return strings.TrimSuffix(name+"."+rest, ".") }
	try := func(name string, part []byte, t reflect.Type) (string, error) {
		if err := e.unmarshalStrict(part, reflect.New(t).Interface()); err != nil {
			rest, err := e.locate(part, t, err)
			return join(name, rest), err
		}
		return "", nil
	}
	switch {
	case t.Kind() == reflect.Struct && !selfDecoding(t):
		var parts map[string]rawPart
		if e.Unmarshal(data, &parts) != nil {
			return "", fmt.Errorf("%s expected", describe(t))
		}
		fields := wireFields(t)
		for _, name := range sortedKeys(parts) {
			ft, ok := fields[name]
			if !ok {
				return name, fmt.Errorf("unknown key")
			}
			if field, err := try(name, parts[name], ft); err != nil {
				return field, err
			}
		}
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() != reflect.Uint8:
		var parts []rawPart
		if e.Unmarshal(data, &parts) != nil {
			return "", fmt.Errorf("%s expected", describe(t))
		}
		for i, part := range parts {
			if field, err := try(strconv.Itoa(i), part, t.Elem()); err != nil {
				return field, err
			}
		}
	case !selfDecoding(t):
		return "", fmt.Errorf("%s expected", describe(t))
	}
	return "", err
}

// rawPart is a part of a message left as it is, in either encoding.
type rawPart []byte

func (p *rawPart) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := dec.ReadValue()
	*p = append((*p)[:0], v...)
	return err
}

func (p *rawPart) UnmarshalCBOR(data []byte) error {
	*p = append((*p)[:0], data...)
	return nil
}

func selfDecoding(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[cbor.Unmarshaler]()) || p.Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]())
}

// wireFields maps the wire names of t's fields to their types, those of
// embedded structs included.
func wireFields(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		fields[name] = f.Type
	}
	return fields
}

func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative,"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "another value"
}

// cleanDecodeError takes the libraries' own prefixes and Go type names out of
// what a user will read.
func cleanDecodeError(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, ": "); i >= 0 && (strings.HasPrefix(s, "json: ") || strings.HasPrefix(s, "cbor: ")) {
		s = s[i+2:]
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
