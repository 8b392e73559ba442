package protocol

import (
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// transcode converts a value of unknown type from one encoding to the other.
// Integers remain integers. Paths that are not UTF-8, and all other bytes, get
// the form of such paths in the other encoding.
func transcode(from, to Encoding, raw []byte) ([]byte, error) {
	var tree any
	if from == CBOR {
		if err := cborDec.Unmarshal(raw, &tree); err != nil {
			return nil, err
		}
		return to.Marshal(bytesToB64(tree))
	}
	if err := json.Unmarshal(raw, &tree, wholeNumbers); err != nil {
		return nil, err
	}
	return to.Marshal(b64ToBytes(tree))
}

// wholeNumbers decodes a JSON number without fraction and exponent as an int64,
// or if it does not fit as a uint64 or a float64.
var wholeNumbers = json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) error {
	if dec.PeekKind() != '0' {
		return errors.ErrUnsupported // decode as usual
	}
	number, err := dec.ReadValue()
	if err != nil {
		return err
	}
	text := string(number)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		*v = n
	} else if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		*v = n
	} else {
		*v, err = strconv.ParseFloat(text, 64)
		return err
	}
	return nil
}))

// bytesToB64 converts all bytes in tree to the JSON form of a path.
func bytesToB64(tree any) any {
	switch v := tree.(type) {
	case []byte:
		return binaryPath{B64: v}
	case []any:
		for i := range v {
			v[i] = bytesToB64(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = bytesToB64(v[k])
		}
	}
	return tree
}

// b64ToBytes converts all paths in tree that are not UTF-8 to their CBOR form.
func b64ToBytes(tree any) any {
	switch v := tree.(type) {
	case []any:
		for i := range v {
			v[i] = b64ToBytes(v[i])
		}
	case map[string]any:
		if text, ok := v["b64"].(string); ok && len(v) == 1 {
			if b, err := base64.StdEncoding.DecodeString(text); err == nil {
				return b
			}
		}
		for k := range v {
			v[k] = b64ToBytes(v[k])
		}
	}
	return tree
}
