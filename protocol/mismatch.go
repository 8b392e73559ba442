package protocol

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A mismatch is the innermost part of a value that does not fit the Go type it
// is decoded into.
type mismatch struct {
	field   string // dotted name; empty for the value itself
	problem string
}

// in returns m with key put before its field.
func (m *mismatch) in(key string) *mismatch {
	field := Clip(key)
	if m.field != "" {
		field += "." + m.field
	}
	return &mismatch{field, m.problem}
}

func (m *mismatch) wire(code Code) *Error {
	if m.field == "" {
		return Errorf(code, "%s", m.problem)
	}
	return Errorf(code, "%s: %s", m.field, m.problem).With("field", m.field)
}

// explain finds the part of data that does not fit t, after decoding it failed
// with err. It decodes data again part by part, which makes it independent of how
// the two libraries name fields and types in their errors.
func (e Encoding) explain(data []byte, t reflect.Type, err error) *mismatch {
	if malformed := e.check(data); malformed != nil {
		return &mismatch{problem: malformed.Error()}
	}
	if e == JSON {
		data = bytes.TrimSpace(data)
	}
	return e.explainPart(data, t, err)
}

func (e Encoding) explainPart(data []byte, t reflect.Type, err error) *mismatch {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var bad *mismatch
	fits := false // whether the outer form of data fits
	switch {
	case decodesItself(t):
		return &mismatch{problem: e.ownProblem(data, t, err)}
	case t.Kind() == reflect.Struct:
		bad, fits = e.explainPairs(data, wireFields(t), nil)
	case t.Kind() == reflect.Map:
		bad, fits = e.explainPairs(data, nil, t.Elem())
	case t.Kind() == reflect.Slice && !isBytes(t):
		bad, fits = e.explainElements(data, t.Elem())
	}
	switch {
	case bad != nil:
		return bad
	case fits: // each part fits too
		return &mismatch{problem: "not acceptable here"}
	case isInteger(t) && e.isInteger(data):
		return &mismatch{problem: fmt.Sprintf("%s of at most %d bits expected", describe(t), t.Bits())}
	}
	return &mismatch{problem: describe(t) + " expected"}
}

// explainPairs finds a key of data, an object, that is not among the fields or
// whose value does not fit. If fields is nil, any key may have a value of type
// elem.
func (e Encoding) explainPairs(data []byte, fields map[string]reflect.Type, elem reflect.Type) (bad *mismatch, fits bool) {
	var parts map[string]rawPart
	if e.Unmarshal(data, &parts) != nil {
		return nil, false
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		t := elem
		if fields != nil {
			if t = fields[name]; t == nil {
				return (&mismatch{problem: "unknown key"}).in(name), true
			}
		}
		if bad := e.explainIn(name, parts[name], t); bad != nil {
			return bad, true
		}
	}
	return nil, true
}

func (e Encoding) explainElements(data []byte, elem reflect.Type) (bad *mismatch, fits bool) {
	var parts []rawPart
	if e.Unmarshal(data, &parts) != nil {
		return nil, false
	}
	for i, part := range parts {
		if bad := e.explainIn(strconv.Itoa(i), part, elem); bad != nil {
			return bad, true
		}
	}
	return nil, true
}

func (e Encoding) explainIn(key string, part []byte, t reflect.Type) *mismatch {
	if err := e.unmarshalStrict(part, reflect.New(t).Interface()); err != nil {
		return e.explainPart(part, t, err).in(key)
	}
	return nil
}

// rawPart is an encoded part of a value, in either encoding.
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

// wireFields maps the wire names of t's fields to their types, those of
// embedded structs included.
func wireFields(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case name == "-":
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			embedded = append(embedded, inner)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			fields[name] = f.Type
		}
	}
	for _, inner := range embedded {
		for name, t := range wireFields(inner) {
			if _, outer := fields[name]; !outer {
				fields[name] = t
			}
		}
	}
	return fields
}

// decodesItself reports whether t has a decoding method.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[cbor.Unmarshaler]()) ||
		p.Implements(reflect.TypeFor[json.UnmarshalerFrom]()) ||
		p.Implements(textUnmarshaler)
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// ownProblem describes why t, which decodes itself, failed on data with err.
func (e Encoding) ownProblem(data []byte, t reflect.Type, err error) string {
	if errors.Is(err, errNUL) {
		return errNUL.Error()
	}
	switch t {
	case reflect.TypeFor[ID]():
		return "an id expected: a UUID, as text in JSON and as 16 bytes in CBOR"
	case reflect.TypeFor[time.Time]():
		return "a time expected, such as 2006-01-02T15:04:05Z"
	case reflect.TypeFor[Path]():
		return `a path expected: text, or where it is not UTF-8 {"b64":"…"} in JSON and bytes in CBOR`
	}
	if _, isText := textValue(e, data); !isText && reflect.PointerTo(t).Implements(textUnmarshaler) {
		return "a text expected"
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.Err != nil {
		return semantic.Err.Error()
	}
	if semantic == nil && !strings.HasPrefix(err.Error(), "cbor: ") {
		return err.Error()
	}
	return "a value of another kind expected"
}

func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		if isBytes(t) {
			return "bytes (in JSON: base64 text)"
		}
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a non-negative whole number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "another value"
}

func isBytes(t reflect.Type) bool { return t.Elem().Kind() == reflect.Uint8 }

func isInteger(t reflect.Type) bool { return reflect.Int <= t.Kind() && t.Kind() <= reflect.Uintptr }

// isInteger reports whether data, which is well-formed, is an integer of any
// size.
func (e Encoding) isInteger(data []byte) bool {
	if e == CBOR {
		return data[0]>>5 == cborUint || data[0]>>5 == cborNegInt
	}
	digits := strings.TrimPrefix(string(data), "-")
	return strings.Trim(digits, "0123456789") == ""
}
