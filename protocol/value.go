package protocol

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Value is a part of a message whose type the reader chooses: a job's
// output, an event's data. The sender makes it of a Go value with ValueOf; the
// receiver gets it still encoded and reads it with Decode.
type Value struct {
	v   any    // what ValueOf was given
	raw []byte // what was received, in enc
	enc Encoding
}

// ValueOf returns a Value that encodes as v does.
func ValueOf(v any) Value { return Value{v: v} }

// RawValue returns a Value that is already encoded. Sent in the other encoding
// it is transcoded: numbers, texts and paths keep their form, but an id, which
// looks there like any text or bytes, does not. A Value that holds ids is
// better made with ValueOf.
func RawValue(enc Encoding, raw []byte) Value { return Value{raw: raw, enc: enc} }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.v == nil && v.raw == nil }

// Interface returns the Go value that v was made of, nil for a received one.
func (v Value) Interface() any { return v.v }

// Decode stores a received value in what dst points to.
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

// UnmarshalJSONFrom keeps the value as it stands.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	*v = RawValue(JSON, append([]byte(nil), raw...))
	return err
}

// MarshalCBOR writes the value.
func (v Value) MarshalCBOR() ([]byte, error) { return v.encode(CBOR) }

// UnmarshalCBOR keeps the value as it stands.
func (v *Value) UnmarshalCBOR(data []byte) error {
	*v = RawValue(CBOR, append([]byte(nil), data...))
	return nil
}
