package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Major types of RFC 8949, section 3.1.
const (
	cborUint   = 0
	cborNegInt = 1
	cborBytes  = 2
	cborText   = 3
	cborArray  = 4
	cborMap    = 5
	cborTag    = 6
	cborSimple = 7
)

// Initial bytes of major type 7 (RFC 8949, section 3.3).
const (
	cborFalse   = 0xf4
	cborTrue    = 0xf5
	cborNull    = 0xf6
	cborUndef   = 0xf7
	cborFloat16 = 0xf9
	cborFloat32 = 0xfa
	cborFloat64 = 0xfb
)

var (
	errBadKey = errors.New("a map key that is not text")
	errSimple = errors.New("a simple value other than false, true, null and undefined")
)

// scanCBOR checks that data is one CBOR map by RFC 8949, of definite lengths,
// without tags and simple values unknown to JSON, its keys unique text and its
// text UTF-8, within MaxNesting and MaxElements. It appends the map's members
// to dst.
func scanCBOR(data []byte, dst []member) ([]member, error) {
	if len(data) == 0 || data[0]>>5 != cborMap {
		return dst, errNotObject
	}
	s := cborScanner{data: data}
	_, n, err := s.head()
	if err != nil {
		return dst, err
	}
	if n > MaxElements {
		return dst, errElements
	}
	var keys keySet
	for ; n > 0; n-- {
		m, err := s.pair(1, &keys)
		if err != nil {
			return dst, err
		}
		dst = append(dst, m)
	}
	return dst, s.end()
}

// checkCBOR checks that data is one CBOR item by the rules of scanCBOR, the
// outermost being at the given depth.
func checkCBOR(data []byte, depth int) error {
	s := cborScanner{data: data}
	if err := s.value(depth); err != nil {
		return err
	}
	return s.end()
}

func (s *cborScanner) end() error {
	if s.pos < len(s.data) {
		return fmt.Errorf("%d bytes after the message's end", len(s.data)-s.pos)
	}
	return nil
}

type cborScanner struct {
	data []byte
	pos  int
}

// head reads the initial byte and the argument of an item.
func (s *cborScanner) head() (major byte, arg uint64, err error) {
	if s.pos >= len(s.data) {
		return 0, 0, errCutOff
	}
	b := s.data[s.pos]
	s.pos++
	major, info := b>>5, b&0x1f
	switch {
	case major == cborSimple && info < 20:
		return 0, 0, errSimple
	case info < 24:
		return major, uint64(info), nil
	case info <= 27:
		size := 1 << (info - 24)
		if len(s.data)-s.pos < size {
			return 0, 0, errCutOff
		}
		var full [8]byte
		copy(full[8-size:], s.data[s.pos:])
		s.pos += size
		arg = binary.BigEndian.Uint64(full[:])
		if major == cborSimple && size == 1 {
			return 0, 0, errSimple
		}
		return major, arg, nil
	case info == 31:
		return 0, 0, errors.New("an item of indefinite length")
	}
	return 0, 0, fmt.Errorf("malformed item at byte %d", s.pos-1)
}

func (s *cborScanner) value(depth int) error {
	major, arg, err := s.head()
	if err != nil {
		return err
	}
	switch major {
	case cborBytes, cborText:
		_, err = s.bytes(major, arg)
	case cborArray, cborMap:
		if depth > MaxNesting {
			return errNesting
		}
		if arg > MaxElements {
			return errElements
		}
		// Every element has at least one byte, so the loop ends at the
		// end of data whatever the count.
		var keys keySet
		for ; arg > 0 && err == nil; arg-- {
			if major == cborMap {
				_, err = s.pair(depth, &keys)
			} else {
				err = s.value(depth + 1)
			}
		}
	case cborTag:
		return errors.New("a tag")
	}
	return err
}

// pair reads a key and its value.
func (s *cborScanner) pair(depth int, keys *keySet) (m member, err error) {
	major, n, err := s.head()
	if err != nil {
		return m, err
	}
	if major != cborText {
		return m, errBadKey
	}
	if m.key, err = s.bytes(major, n); err != nil {
		return m, err
	}
	if !keys.add(m.key) {
		return m, errTwice(m.key)
	}
	start := s.pos
	if err := s.value(depth + 1); err != nil {
		return m, err
	}
	m.value = s.data[start:s.pos]
	return m, nil
}

func (s *cborScanner) bytes(major byte, n uint64) ([]byte, error) {
	if n > uint64(len(s.data)-s.pos) {
		return nil, errCutOff
	}
	b := s.data[s.pos : s.pos+int(n)]
	if major == cborText && !utf8.Valid(b) {
		return nil, errUTF8
	}
	s.pos += int(n)
	return b, nil
}
