package protocol

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// appendJSON appends v, of the plan's type, as JSON.
func (p *plan) appendJSON(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	switch p.op {
	case opBool:
		return strconv.AppendBool(dst, v.Bool()), true
	case opInt:
		return strconv.AppendInt(dst, v.Int(), 10), true
	case opUint:
		return strconv.AppendUint(dst, v.Uint(), 10), true
	case opFloat32:
		return appendJSONFloat(dst, v.Float(), 32)
	case opFloat64:
		return appendJSONFloat(dst, v.Float(), 64)
	case opString:
		return appendJSONText(dst, v.String())
	case opBytes:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes())
		return append(dst, '"'), true
	case opTime:
		dst, ok := appendTime(append(dst, '"'), as[time.Time](v))
		return append(dst, '"'), ok
	case opID:
		return append(AppendID(append(dst, '"'), as[ID](v)), '"'), true
	case opPath:
		return appendJSONPath(dst, v.String())
	case opValue:
		if value := as[Value](v); value.raw == nil {
			return JSON.appendPlanned(dst, value.v, depth+1)
		}
	case opAny:
		return JSON.appendPlanned(dst, v.Interface(), depth+1)
	case opPointer:
		if v.IsNil() {
			return JSON.appendNull(dst), true
		}
		return p.elem.appendJSON(dst, v.Elem(), depth)
	case opSlice:
		return p.appendJSONList(dst, v, depth)
	case opMap:
		return p.appendJSONMap(dst, v, depth)
	case opStruct:
		return p.appendJSONStruct(dst, v, depth)
	}
	return JSON.appendByLibrary(dst, part(v))
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
		if dst, ok = f.appendJSON(append(dst, f.json...), part, depth); !ok {
			return dst, false
		}
	}
	return endJSONObject(dst, start), true
}

func (p *plan) appendJSONMap(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	start := len(dst)
	for _, pair := range pairsByKey(v, strings.Compare) {
		var ok bool
		if dst, ok = appendJSONText(append(dst, ','), pair.key); !ok {
			return dst, false
		}
		if dst, ok = p.elem.appendJSON(append(dst, ':'), pair.value, depth); !ok {
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

func (p *plan) appendJSONList(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = p.elem.appendJSON(dst, v.Index(i), depth); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

func appendJSONPath(dst []byte, path string) ([]byte, bool) {
	if dst, ok := appendJSONText(dst, path); ok {
		return dst, true
	}
	dst = base64.StdEncoding.AppendEncode(append(dst, `{"b64":"`...), []byte(path))
	return append(dst, `"}`...), true
}

// appendJSONText appends s quoted. If s is not UTF-8 it appends nothing and
// reports false.
func appendJSONText(dst []byte, s string) ([]byte, bool) {
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
func scanJSONText[T string | []byte](s T) (escape, ascii bool) {
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

// appendJSONFloat appends f as ECMAScript does (ECMA-262, Number::toString).
func appendJSONFloat(dst []byte, f float64, bits int) ([]byte, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, false
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 &&
		(bits == 64 && (abs < 1e-6 || abs >= 1e21) || bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	if n := len(dst); format == 'e' && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is e-9
		dst = dst[:n-1]
	}
	return dst, true
}
