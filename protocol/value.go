package protocol

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Value is a part of a message whose type depends on the context, such as an
// event's data. The sender creates it from a Go value with ValueOf; the receiver
// gets it encoded and decodes it with Decode.
type Value struct {
	v   any    // the argument of ValueOf
	raw []byte // as received, in enc
	enc Encoding
}

// ValueOf returns a Value that encodes as v does.
func ValueOf(v any) Value { return Value{v: v} }

// RawValue returns a Value that is already encoded. If it is sent in the other
// encoding it is transcoded: numbers, texts and paths are converted, but ids are
// not, because they look like any text or bytes. Use ValueOf for a Value with
// ids.
func RawValue(enc Encoding, raw []byte) Value { return Value{raw: raw, enc: enc} }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.v == nil && v.raw == nil }

// Interface returns the argument of ValueOf, nil for a received Value.
func (v Value) Interface() any { return v.v }

// Decode decodes a received value into the value that dst points to.
func (v Value) Decode(dst any) error {
	if v.raw == nil {
		return errors.New("no encoded value to decode")
	}
	return v.enc.Unmarshal(v.raw, dst)
}

// JSON returns v as JSON.
func (v Value) JSON() ([]byte, error) {
	if v.raw != nil && v.enc == JSON {
		if err := checkJSON(v.raw); err != nil {
			return nil, err
		}
	}
	return v.encode(JSON)
}

// encode returns v in enc.
func (v Value) encode(enc Encoding) ([]byte, error) {
	switch {
	case v.raw == nil:
		return enc.Marshal(v.v)
	case v.enc == enc:
		return v.raw, nil
	}
	return transcode(v.enc, enc, v.raw)
}

// MarshalJSONTo writes the value.
func (v Value) MarshalJSONTo(enc *jsontext.Encoder) error {
	if v.raw == nil {
		return json.MarshalEncode(enc, v.v)
	}
	raw, err := v.encode(JSON)
	if err != nil {
		return err
	}
	return enc.WriteValue(raw)
}

// UnmarshalJSONFrom stores the encoded value.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	*v = RawValue(JSON, append([]byte(nil), raw...))
	return err
}

// MarshalCBOR writes the value.
func (v Value) MarshalCBOR() ([]byte, error) { return v.encode(CBOR) }

// UnmarshalCBOR stores the encoded value.
func (v *Value) UnmarshalCBOR(data []byte) error {
	*v = RawValue(CBOR, append([]byte(nil), data...))
	return nil
}
