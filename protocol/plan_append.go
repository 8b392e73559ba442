package protocol

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// append appends v, of the plan's type, in enc: in CBOR with core deterministic
// encoding (RFC 8949, section 4.2.1), except that floats keep their width. It
// reports false if only the library can encode v or describe the error.
func (p *plan) append(enc Encoding, dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	switch p.op {
	case opBool:
		return appendBool(dst, enc, v.Bool()), true
	case opInt:
		return appendInt(dst, enc, v.Int()), true
	case opUint:
		return appendUint(dst, enc, v.Uint()), true
	case opFloat:
		return appendFloat(dst, enc, v.Float())
	case opString:
		return appendText(dst, enc, v.String())
	case opBytes:
		return appendBytes(dst, enc, v.Bytes()), true
	case opTime:
		return appendTime(dst, enc, as[time.Time](v))
	case opID:
		return appendID(dst, enc, as[ID](v)), true
	case opPath:
		return appendPath(dst, enc, v.String()), true
	case opValue:
		if value := as[Value](v); value.raw == nil {
			return enc.appendPlanned(dst, value.v, depth+1)
		}
	case opAny:
		return enc.appendPlanned(dst, v.Interface(), depth+1)
	case opPointer:
		if v.IsNil() {
			return appendNull(dst, enc), true
		}
		return p.elem.append(enc, dst, v.Elem(), depth)
	case opSlice:
		return p.appendList(enc, dst, v, depth)
	case opMap:
		return p.appendMap(enc, dst, v, depth)
	case opStruct:
		if enc == CBOR {
			return p.appendCBORStruct(dst, v, depth)
		}
		return p.appendJSONStruct(dst, v, depth)
	}
	return enc.appendByLibrary(dst, part(v))
}

// appendCBORStruct counts the fields while appending them, and corrects the head
// if some were left out.
func (p *plan) appendCBORStruct(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	start := len(dst)
	dst = appendCBORHead(dst, cborMap, uint64(len(p.byKey)))
	body := len(dst)
	n := 0
	for i := range p.byKey {
		f := &p.byKey[i]
		part := f.of(v)
		if f.omitZero && f.isZero(part) {
			continue
		}
		n++
		var ok bool
		if dst, ok = f.append(CBOR, append(dst, f.cbor...), part, depth); !ok {
			return dst, false
		}
	}
	if n < len(p.byKey) {
		if head := appendCBORHead(dst[:start], cborMap, uint64(n)); len(head) < body {
			dst = append(head, dst[body:]...)
		}
	}
	return dst, true
}

// appendJSONStruct appends a comma before each key, then replaces the first comma
// with the brace.
func (p *plan) appendJSONStruct(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	start := len(dst)
	for i := range p.fields {
		f := &p.fields[i]
		part := f.of(v)
		if f.omitZero && f.isZero(part) {
			continue
		}
		var ok bool
		if dst, ok = f.append(JSON, append(dst, f.json...), part, depth); !ok {
			return dst, false
		}
	}
	return endJSONObject(dst, start), true
}

func endJSONObject(dst []byte, start int) []byte {
	if len(dst) == start {
		return append(dst, "{}"...)
	}
	dst[start] = '{'
	return append(dst, '}')
}

// appendMap appends the pairs of the map v in the order of the encoded keys.
func (p *plan) appendMap(enc Encoding, dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if enc == CBOR { // shorter ones first
			return cmp.Or(cmp.Compare(a.Len(), b.Len()), strings.Compare(a.String(), b.String()))
		}
		return strings.Compare(a.String(), b.String())
	})
	if enc == CBOR {
		dst = appendCBORHead(dst, cborMap, uint64(len(keys)))
	}
	start := len(dst)
	for _, key := range keys {
		var ok bool
		if enc == JSON {
			dst = append(dst, ',')
		}
		if dst, ok = appendText(dst, enc, key.String()); !ok {
			return dst, false
		}
		if enc == JSON {
			dst = append(dst, ':')
		}
		if dst, ok = p.elem.append(enc, dst, v.MapIndex(key), depth); !ok {
			return dst, false
		}
	}
	if enc == JSON {
		dst = endJSONObject(dst, start)
	}
	return dst, true
}

func (p *plan) appendList(enc Encoding, dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	n := v.Len()
	if enc == CBOR {
		dst = appendCBORHead(dst, cborArray, uint64(n))
	} else {
		dst = append(dst, '[')
	}
	for i := range n {
		if i > 0 && enc == JSON {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = p.elem.append(enc, dst, v.Index(i), depth); !ok {
			return dst, false
		}
	}
	if enc == JSON {
		dst = append(dst, ']')
	}
	return dst, true
}

func appendNull(dst []byte, enc Encoding) []byte {
	if enc == CBOR {
		return append(dst, cborNull)
	}
	return append(dst, "null"...)
}

func appendBool(dst []byte, enc Encoding, b bool) []byte {
	switch {
	case enc == JSON:
		return strconv.AppendBool(dst, b)
	case b:
		return append(dst, cborTrue)
	}
	return append(dst, cborFalse)
}

func appendInt(dst []byte, enc Encoding, n int64) []byte {
	switch {
	case enc == JSON:
		return strconv.AppendInt(dst, n, 10)
	case n < 0:
		return appendCBORHead(dst, cborNegInt, uint64(^n))
	}
	return appendCBORHead(dst, cborUint, uint64(n))
}

func appendUint(dst []byte, enc Encoding, n uint64) []byte {
	if enc == CBOR {
		return appendCBORHead(dst, cborUint, n)
	}
	return strconv.AppendUint(dst, n, 10)
}

// appendFloat appends f, in JSON as ECMAScript does (ECMA-262,
// Number::toString).
func appendFloat(dst []byte, enc Encoding, f float64) ([]byte, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, false
	}
	if enc == CBOR {
		return binary.BigEndian.AppendUint64(append(dst, cborFloat64), math.Float64bits(f)), true
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
		if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
			dst[n-2] = dst[n-1] // e-09 is e-9
			dst = dst[:n-1]
		}
		return dst, true
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64), true
}

// appendText appends s. If s is not UTF-8 it appends nothing and reports false.
func appendText(dst []byte, enc Encoding, s string) ([]byte, bool) {
	if enc == CBOR {
		if !utf8.ValidString(s) {
			return dst, false
		}
		return appendCBORText(dst, s), true
	}
	escape, ascii := scanJSONText(s)
	switch {
	case !ascii && !utf8.ValidString(s):
		return dst, false
	case escape:
		dst, err := jsontext.AppendQuote(dst, s)
		return dst, err == nil
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), true
}

// scanJSONText reports whether a character of s must be escaped in JSON, and
// whether all of s is ASCII. It tests eight bytes at a time with the method of
// "Bit Twiddling Hacks" (Anderson), "Determine if a word has a byte less than
// n". The test can only be wrong for a byte after one for which it is right, and
// then the result is known already.
func scanJSONText(s string) (escape, ascii bool) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	var all, special uint64
	for ; len(s) >= 8; s = s[8:] {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, slash := w^ones*'"', w^ones*'\\'
		special |= ((w - ones*' ') | (quote - ones) | (slash - ones)) &^ w
		all |= w
	}
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			special |= high
		}
		all |= uint64(c)
	}
	return special&high != 0, all&high == 0
}

// appendBytes appends b, in JSON as base64 text.
func appendBytes(dst []byte, enc Encoding, b []byte) []byte {
	if enc == CBOR {
		return append(appendCBORHead(dst, cborBytes, uint64(len(b))), b...)
	}
	dst = base64.StdEncoding.AppendEncode(append(dst, '"'), b)
	return append(dst, '"')
}

// appendTime appends t. It reports false if the year does not have four digits.
// In CBOR the zero time is null, which decodes to it.
func appendTime(dst []byte, enc Encoding, t time.Time) ([]byte, bool) {
	if enc == CBOR && t.IsZero() {
		return append(dst, cborNull), true
	}
	var longest [len("2006-01-02T15:04:05.999999999Z")]byte
	text, ok := rfc3339(&longest, t)
	if enc == CBOR {
		return append(appendCBORHead(dst, cborText, uint64(len(text))), text...), ok
	}
	dst = append(append(dst, '"'), text...)
	return append(dst, '"'), ok
}

// rfc3339 writes t in UTC in the form of RFC 3339, with as many fractional digits
// as needed, in half the time that time.Time.AppendFormat takes. Lists of entries
// are full of times.
func rfc3339(dst *[30]byte, t time.Time) (text []byte, ok bool) {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return nil, false
	}
	*dst = [...]byte{4: '-', 7: '-', 10: 'T', 13: ':', 16: ':', 19: '.', 29: 0}
	putTwo(dst[0:], year/100)
	putTwo(dst[2:], year%100)
	putTwo(dst[5:], int(month))
	putTwo(dst[8:], day)
	putTwo(dst[11:], hour)
	putTwo(dst[14:], minute)
	putTwo(dst[17:], second)
	end := len("2006-01-02T15:04:05")
	if ns := t.Nanosecond(); ns != 0 {
		dst[20] = '0' + byte(ns/100_000_000)
		for i := 21; i < 29; i += 2 {
			putTwo(dst[i:], ns/1_000_000%100)
			ns = ns % 1_000_000 * 100
		}
		for end = 29; dst[end-1] == '0'; end-- {
		}
	}
	dst[end] = 'Z'
	return dst[:end+1], true
}

func putTwo(text []byte, n int) {
	text[0], text[1] = '0'+byte(n/10), '0'+byte(n%10)
}

func appendID(dst []byte, enc Encoding, id ID) []byte {
	if enc == CBOR {
		return append(append(dst, cborBytes<<5|byte(len(id))), id[:]...)
	}
	return append(AppendID(append(dst, '"'), id), '"')
}

func appendPath(dst []byte, enc Encoding, path string) []byte {
	dst, ok := appendText(dst, enc, path)
	switch {
	case ok:
		return dst
	case enc == CBOR:
		return appendBytes(dst, CBOR, []byte(path))
	}
	return append(appendBytes(append(dst, `{"b64":`...), JSON, []byte(path)), '}')
}
