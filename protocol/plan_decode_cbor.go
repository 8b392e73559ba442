package protocol

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"unicode/utf8"
)

// A cborDecoder decodes CBOR by plans. Its methods report false if the library
// must decode the whole or describe the error.
type cborDecoder struct {
	cborScanner
	texts texts
	late  bool // Values in the outermost map are not checked
}

// decode reads an item into v, which is zero and of p's type. depth is the nesting
// level of the item.
func (d *cborDecoder) decode(p *plan, v reflect.Value, depth int) bool {
	if p.op == opLibrary || p.op == opAny || p.op == opValue {
		return d.decodePart(p, v, depth)
	}
	if d.pos >= len(d.data) {
		return false
	}
	first := d.data[d.pos]
	if first == cborNull || first == cborUndef {
		d.pos++
		return true
	}
	switch p.op {
	case opBool:
		d.pos++
		v.SetBool(first == cborTrue)
		return first == cborTrue || first == cborFalse
	case opFloat32, opFloat64:
		return d.decodeFloat(p, v)
	case opPointer:
		elem := reflect.New(v.Type().Elem())
		v.Set(elem)
		return d.decode(p.elem, elem.Elem(), depth)
	}
	major, n, ok := d.quickHead()
	if !ok {
		return false
	}
	switch p.op {
	case opInt:
		number := int64(n)
		if major == cborNegInt {
			number = ^number
		}
		v.SetInt(number)
		return major <= cborNegInt && n <= math.MaxInt64 && v.Int() == number
	case opUint:
		v.SetUint(n)
		return major == cborUint && v.Uint() == n
	case opSlice:
		return major == cborArray && d.decodeList(p, v, n, depth)
	case opMap:
		return major == cborMap && d.decodeMap(p, v, n, depth)
	case opStruct:
		return major == cborMap && d.decodeStruct(p, v, n, depth)
	}
	text, ok := d.take(n)
	return ok && d.decodeText(p, v, major, text)
}

// decodeText decodes a text or byte string.
func (d *cborDecoder) decodeText(p *plan, v reflect.Value, major byte, text []byte) bool {
	if major == cborText && !utf8.Valid(text) {
		return false
	}
	switch p.op {
	case opString:
		v.SetString(d.texts.text(text))
		return major == cborText
	case opPath:
		v.SetString(d.texts.text(text))
		return (major == cborText || major == cborBytes) && bytes.IndexByte(text, 0) < 0
	case opBytes:
		v.SetBytes(bytes.Clone(text))
		return major == cborBytes
	case opID:
		if major != cborBytes || len(text) != len(ID{}) {
			return false
		}
		put(v, ID(text))
		return true
	case opTime:
		t, ok := parseTime(text)
		put(v, t)
		return ok && major == cborText
	}
	return false
}

// decodePart passes an item to the library, or keeps it encoded in a Value.
func (d *cborDecoder) decodePart(p *plan, v reflect.Value, depth int) bool {
	part, ok := d.part(depth, d.late && depth == 2 && p.op == opValue)
	if ok && p.op == opValue {
		put(v, RawValue(CBOR, bytes.Clone(part)))
		return true
	}
	return ok && cborDec.Unmarshal(part, into(v)) == nil
}

// part reads an item without decoding it. It checks the item unless it is kept
// for later.
func (d *cborDecoder) part(depth int, late bool) ([]byte, bool) {
	start := d.pos
	if late {
		ok := d.skim()
		return d.data[start:d.pos], ok
	}
	if d.value(depth) != nil {
		return nil, false
	}
	item := d.data[start:d.pos]
	return item, cborDec.Wellformed(item) == nil // and has no NaN
}

func (d *cborDecoder) decodeFloat(p *plan, v reflect.Value) bool {
	rest := d.data[d.pos:]
	var f float64
	switch {
	case rest[0] == cborFloat64 && len(rest) > 8 && p.op == opFloat64:
		f = math.Float64frombits(binary.BigEndian.Uint64(rest[1:]))
		d.pos += 9
	case rest[0] == cborFloat32 && len(rest) > 4:
		f = float64(math.Float32frombits(binary.BigEndian.Uint32(rest[1:])))
		d.pos += 5
	default:
		return false
	}
	v.SetFloat(f)
	return finite(f)
}

func (d *cborDecoder) decodeList(p *plan, v reflect.Value, n uint64, depth int) bool {
	if !d.plausible(n, depth) {
		return false
	}
	if n == 0 {
		v.Set(p.none)
		return true
	}
	v.Grow(int(n))
	v.SetLen(int(n))
	for i := range int(n) {
		if !d.decode(p.elem, v.Index(i), depth+1) {
			return false
		}
	}
	return true
}

func (d *cborDecoder) decodeMap(p *plan, v reflect.Value, n uint64, depth int) bool {
	if !d.plausible(n, depth) {
		return false
	}
	t := v.Type()
	v.Set(reflect.MakeMapWithSize(t, int(n)))
	for range n {
		name, ok := d.key()
		if !ok {
			return false
		}
		key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		key.SetString(d.texts.text(name))
		if !d.decode(p.elem, elem, depth+1) {
			return false
		}
		v.SetMapIndex(key, elem)
	}
	return v.Len() == int(n) // there were no duplicate keys
}

func (d *cborDecoder) decodeStruct(p *plan, v reflect.Value, n uint64, depth int) bool {
	if !d.plausible(n, depth) {
		return false
	}
	var m members
	for range n {
		if i := p.keyCBOR(m.next, d.data[d.pos:]); i >= 0 {
			f := &p.byKey[i]
			d.pos += len(f.cbor)
			if !m.first(i) || !d.decode(f.plan, f.of(v), depth+1) {
				return false
			}
			continue
		}
		name, ok := d.key()
		if !ok || !m.firstUnknown(p, name) {
			return false
		}
		if _, ok := d.part(depth+1, false); !ok {
			return false
		}
	}
	return true
}

// keyCBOR returns the index in byKey of the field whose key data starts with, or
// −1. It tries the expected one first.
func (p *plan) keyCBOR(expected int, data []byte) int {
	for n := range p.byKey {
		i := (expected + n) % len(p.byKey)
		if key := p.byKey[i].cbor; len(data) >= len(key) && string(data[:len(key)]) == key {
			return i
		}
	}
	return -1
}

// plausible reports whether data may have n elements of at least one byte each.
func (d *cborDecoder) plausible(n uint64, depth int) bool {
	return n <= MaxElements && n <= uint64(len(d.data)-d.pos) && depth <= MaxNesting
}

// key reads a key.
func (d *cborDecoder) key() ([]byte, bool) {
	major, n, ok := d.quickHead()
	if !ok || major != cborText {
		return nil, false
	}
	name, ok := d.take(n)
	return name, ok && utf8.Valid(name)
}

func (d *cborDecoder) take(n uint64) ([]byte, bool) {
	if n > uint64(len(d.data)-d.pos) {
		return nil, false
	}
	start := d.pos
	d.pos += int(n)
	return d.data[start:d.pos], true
}

// quickHead is head with a fast path for small arguments.
func (d *cborDecoder) quickHead() (major byte, arg uint64, ok bool) {
	if d.pos < len(d.data) {
		if b := d.data[d.pos]; b < cborSimple<<5 && b&0x1f < 24 {
			d.pos++
			return b >> 5, uint64(b & 0x1f), true
		}
	}
	major, arg, err := d.head()
	return major, arg, err == nil
}

// skim skips an item, checking only what it needs to find its end.
func (d *cborDecoder) skim() bool {
	for left := uint64(1); left > 0; left-- {
		major, n, ok := d.quickHead()
		if !ok || major == cborTag || major <= cborMap && major >= cborBytes && n > uint64(len(d.data)-d.pos) {
			return false
		}
		switch major {
		case cborBytes, cborText:
			d.pos += int(n)
		case cborArray:
			left += n
		case cborMap:
			left += 2 * n
		}
	}
	return true
}
