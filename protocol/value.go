package protocol

import (
	"fmt"

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

// RawValue returns a Value that is already encoded.
func RawValue(enc Encoding, raw []byte) Value { return Value{raw: raw, enc: enc} }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.v == nil && v.raw == nil }

// Interface returns the Go value that v was made of, nil for a received one.
func (v Value) Interface() any { return v.v }

// Decode stores the value in what dst points to.
func (v Value) Decode(dst any) error {
	if v.raw == nil {
		return fmt.Errorf("no encoded value to decode")
	}
	return v.enc.Unmarshal(v.raw, dst)
}

// JSON returns v as JSON.
func (v Value) JSON() ([]byte, error) {
	if v.enc == JSON {
		return v.raw, nil
	}
	return json.Marshal(v)
}

// generic returns v for encoding in enc: its bytes where they are already in
// enc, else a Go value.
func (v Value) generic(enc Encoding) (raw []byte, val any, err error) {
	if v.raw == nil {
		return nil, v.v, nil
	}
	if v.enc == enc {
		return v.raw, nil, nil
	}
	err = v.Decode(&val)
	return nil, val, err
}

// MarshalJSONTo writes the value.
func (v Value) MarshalJSONTo(enc *jsontext.Encoder) error {
	raw, val, err := v.generic(JSON)
	if err != nil {
		return err
	}
	if raw != nil {
		return enc.WriteValue(raw)
	}
	return json.MarshalEncode(enc, val)
}

// UnmarshalJSONFrom keeps the value as it stands.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	*v = RawValue(JSON, append([]byte(nil), raw...))
	return err
}

// MarshalCBOR writes the value.
func (v Value) MarshalCBOR() ([]byte, error) {
	raw, val, err := v.generic(CBOR)
	if err != nil || raw != nil {
		return raw, err
	}
	return cborEnc.Marshal(val)
}

// UnmarshalCBOR keeps the value as it stands.
func (v *Value) UnmarshalCBOR(data []byte) error {
	*v = RawValue(CBOR, append([]byte(nil), data...))
	return nil
}
