package protocol

import "github.com/google/uuid"

// textValue returns the text that value, which a scanner has checked, encodes.
func textValue(enc Encoding, value []byte) ([]byte, bool) {
	if enc == CBOR {
		if value[0]>>5 != cborText {
			return nil, false
		}
		s := cborScanner{data: value}
		major, n, _ := s.head()
		text, err := s.bytes(major, n)
		return text, err == nil
	}
	if value[0] != '"' {
		return nil, false
	}
	return unquote(value), true
}

// uintValue returns the integer up to MaxID that value, which a scanner has
// checked, encodes. It does not accept floats.
func uintValue(enc Encoding, value []byte) (uint64, bool) {
	if enc == CBOR {
		s := cborScanner{data: value}
		major, n, err := s.head()
		if err != nil || major != cborUint || n > MaxID {
			return 0, false
		}
		return n, true
	}
	var n uint64
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
		if n > MaxID {
			return 0, false
		}
	}
	return n, true
}

// idValue returns the nonzero id that value, which a scanner has checked,
// encodes.
func idValue(enc Encoding, value []byte) (ID, bool) {
	var id ID
	var err error
	if enc == CBOR {
		s := cborScanner{data: value}
		major, n, headErr := s.head()
		if headErr != nil || major != cborBytes || n != uint64(len(id)) {
			return ID{}, false
		}
		copy(id[:], value[s.pos:])
	} else {
		text, ok := textValue(enc, value)
		if !ok {
			return ID{}, false
		}
		id, err = uuid.ParseBytes(text)
	}
	return id, err == nil && id != ID{}
}

func isNull(enc Encoding, value []byte) bool {
	if enc == CBOR {
		return len(value) == 1 && (value[0] == cborNull || value[0] == cborUndef)
	}
	return string(value) == "null"
}
