package protocol

import (
	"cmp"
	"encoding/binary"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
)

// appendCBOR appends v, of the plan's type, as CBOR with core deterministic
// encoding (RFC 8949, section 4.2.1), except that floats keep their width.
func (p *plan) appendCBOR(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	switch p.op {
	case opBool:
		if v.Bool() {
			return append(dst, cborTrue), true
		}
		return append(dst, cborFalse), true
	case opInt:
		n := v.Int()
		if n < 0 {
			return appendCBORHead(dst, cborNegInt, uint64(^n)), true
		}
		return appendCBORHead(dst, cborUint, uint64(n)), true
	case opUint:
		return appendCBORHead(dst, cborUint, v.Uint()), true
	case opFloat32:
		f := v.Float()
		return binary.BigEndian.AppendUint32(append(dst, cborFloat32), math.Float32bits(float32(f))), finite(f)
	case opFloat64:
		f := v.Float()
		return binary.BigEndian.AppendUint64(append(dst, cborFloat64), math.Float64bits(f)), finite(f)
	case opString:
		s := v.String()
		return appendCBORText(dst, s), utf8.ValidString(s)
	case opBytes:
		b := v.Bytes()
		return append(appendCBORHead(dst, cborBytes, uint64(len(b))), b...), true
	case opTime:
		return appendCBORTime(dst, as[time.Time](v))
	case opID:
		id := as[ID](v)
		return append(append(dst, cborBytes<<5|byte(len(id))), id[:]...), true
	case opPath:
		return appendCBORPath(dst, v.String()), true
	case opValue:
		if value := as[Value](v); value.raw == nil {
			return CBOR.appendPlanned(dst, value.v, depth+1)
		}
	case opAny:
		return CBOR.appendPlanned(dst, v.Interface(), depth+1)
	case opPointer:
		if v.IsNil() {
			return append(dst, cborNull), true
		}
		return p.elem.appendCBOR(dst, v.Elem(), depth)
	case opSlice:
		return p.appendCBORList(dst, v, depth)
	case opMap:
		return p.appendCBORMap(dst, v, depth)
	case opStruct:
		return p.appendCBORStruct(dst, v, depth)
	}
	return CBOR.appendByLibrary(dst, part(v))
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
		if dst, ok = f.appendCBOR(append(dst, f.cbor...), part, depth); !ok {
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

// compareCBORKeys compares two keys by their encodings: shorter ones come first.
func compareCBORKeys(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func (p *plan) appendCBORMap(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	dst = appendCBORHead(dst, cborMap, uint64(v.Len()))
	for _, pair := range pairsByKey(v, compareCBORKeys) {
		var ok bool
		dst, ok = p.elem.appendCBOR(appendCBORText(dst, pair.key), pair.value, depth)
		if !ok || !utf8.ValidString(pair.key) {
			return dst, false
		}
	}
	return dst, true
}

func (p *plan) appendCBORList(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	n := v.Len()
	dst = appendCBORHead(dst, cborArray, uint64(n))
	for i := range n {
		var ok bool
		if dst, ok = p.elem.appendCBOR(dst, v.Index(i), depth); !ok {
			return dst, false
		}
	}
	return dst, true
}

// appendCBORTime appends t; the zero time is null, which decodes to it.
func appendCBORTime(dst []byte, t time.Time) ([]byte, bool) {
	if t.IsZero() {
		return append(dst, cborNull), true
	}
	var longest [len("2006-01-02T15:04:05.999999999Z")]byte
	text, ok := appendTime(longest[:0], t)
	return append(appendCBORHead(dst, cborText, uint64(len(text))), text...), ok
}

func appendCBORPath(dst []byte, path string) []byte {
	if utf8.ValidString(path) {
		return appendCBORText(dst, path)
	}
	return append(appendCBORHead(dst, cborBytes, uint64(len(path))), path...)
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
