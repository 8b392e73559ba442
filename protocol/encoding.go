package protocol

import (
	"bytes"
	"reflect"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Encoding is one of the two encodings of messages. Go types have one set of
// struct tags, `json:"…"`, for both; optional fields are marked omitzero.
type Encoding uint8

// The two encodings. A connection keeps the one it starts with.
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
	cborDecOptions = cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   MaxNesting,
		MaxArrayElements:  MaxElements,
		MaxMapPairs:       MaxElements,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		DefaultMapType:    reflect.TypeFor[map[string]any](),
		NaN:               cbor.NaNDecodeForbidden, // JSON has no NaN
		Inf:               cbor.InfDecodeForbidden,
		SimpleValues:      must(cbor.NewSimpleValueRegistryFromDefaults(refuseSimple()...)),
	}
	cborDec       = must(cborDecOptions.DecMode())
	cborDecStrict = must(func() (cbor.DecMode, error) {
		opts := cborDecOptions
		opts.ExtraReturnErrors = cbor.ExtraDecErrorUnknownField
		return opts.DecMode()
	}())
	cborEnc = must(cbor.EncOptions{
		Sort:          cbor.SortCoreDeterministic, // the same value has the same bytes
		Time:          cbor.TimeRFC3339NanoUTC,
		NilContainers: cbor.NilContainerAsEmpty,
		IndefLength:   cbor.IndefLengthForbidden,
		TagsMd:        cbor.TagsForbidden,
		NaNConvert:    cbor.NaNConvertReject,
		InfConvert:    cbor.InfConvertReject,
	}.UserBufferEncMode())

	jsonEnc = json.JoinOptions(
		json.Deterministic(true),
		json.WithMarshalers(json.JoinMarshalers(json.MarshalToFunc(writeTimeUTC), json.MarshalToFunc(writeID))),
	)
	jsonDecStrict = json.RejectUnknownMembers(true)
)

func writeTimeUTC(enc *jsontext.Encoder, t time.Time) error {
	text, err := t.UTC().AppendText(append(enc.AvailableBuffer(), '"'))
	if err != nil {
		return err
	}
	return enc.WriteValue(append(text, '"'))
}

// writeID writes what ID.MarshalText returns, without allocating.
func writeID(enc *jsontext.Encoder, id ID) error {
	text := AppendID(append(enc.AvailableBuffer(), '"'), id)
	return enc.WriteValue(append(text, '"'))
}

// refuseSimple rejects the simple values that JSON does not have, which the
// library would decode as numbers.
func refuseSimple() (refused []func(*cbor.SimpleValueRegistry) error) {
	for n := range 256 {
		if n < 20 || n > 31 { // false to undefined; the numbers up to 31 are reserved
			refused = append(refused, cbor.WithRejectedSimpleValue(cbor.SimpleValue(n)))
		}
	}
	return refused
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Append encodes v and appends it to buf. A nil slice becomes an empty array, a
// nil map an empty map; times are in UTC. Equal values have equal encodings.
// After an error the bytes of buf are intact, and any further ones are invalid.
func (e Encoding) Append(buf []byte, v any) ([]byte, error) {
	if out, ok := e.appendPlanned(buf, v, 0); ok {
		return out, nil
	}
	w := bytes.NewBuffer(buf)
	err := e.encode(w, v)
	return w.Bytes(), err
}

// encode writes v as the library encodes it.
func (e Encoding) encode(w *bytes.Buffer, v any) error {
	if e == CBOR {
		start := w.Len()
		if err := cborEnc.MarshalToBuffer(v, w); err != nil {
			return err
		}
		return checkCBOR(w.Bytes()[start:], 1) // the library does not check text
	}
	return json.MarshalWrite(w, v, jsonEnc)
}

// Marshal encodes v.
func (e Encoding) Marshal(v any) ([]byte, error) {
	return encodeInScratch(func(buf []byte) ([]byte, error) { return e.Append(buf, v) })
}

// encodeInScratch returns what encode appends, in memory of the exact size.
func encodeInScratch(encode func([]byte) ([]byte, error)) ([]byte, error) {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	buf, err := encode((*scratch)[:0])
	if cap(buf) <= largestScratch {
		*scratch = buf
	}
	return bytes.Clone(buf), err
}

// scratches are buffers for values whose size is not known yet. Those that grow
// beyond largestScratch bytes are not kept.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

const largestScratch = 64 << 10

// Unmarshal decodes data into the value that v points to, as a client does: it
// ignores unknown keys.
func (e Encoding) Unmarshal(data []byte, v any) error {
	if e == CBOR {
		return cborDec.Unmarshal(data, v)
	}
	return json.Unmarshal(data, v)
}

// UnmarshalStrict decodes data into the value that v points to, as a server
// does: it rejects unknown keys, and keys are case-sensitive. An error is an
// *Error with code Deserialization that names the field.
func (e Encoding) UnmarshalStrict(data []byte, v any) error {
	if bad := e.decodeStrict(data, v); bad != nil {
		return bad.wire(Deserialization)
	}
	return nil
}

func (e Encoding) decodeStrict(data []byte, v any) *mismatch {
	if err := e.unmarshalStrict(data, v); err != nil {
		return e.explain(data, reflect.TypeOf(v).Elem(), err)
	}
	return nil
}

func (e Encoding) unmarshalStrict(data []byte, v any) error {
	if e == CBOR {
		return cborDecStrict.Unmarshal(data, v)
	}
	return json.Unmarshal(data, v, jsonDecStrict)
}

// check returns an error if data is malformed, whatever its type.
func (e Encoding) check(data []byte) error {
	if e == CBOR {
		return checkCBOR(data, 1)
	}
	return checkJSON(data)
}
