package protocol

import (
	"bytes"
	"math"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// A jsonDecoder decodes JSON by plans. Its methods report false if the library
// must decode the whole or describe the error.
type jsonDecoder struct {
	jsonScanner
	texts texts
	late  bool // Values in the outermost object are not checked
}

// decode reads a value into v, which is zero and of p's type. depth is the nesting
// level of the value.
func (d *jsonDecoder) decode(p *plan, v reflect.Value, depth int) bool {
	first := d.next()
	switch {
	case p.op == opLibrary, p.op == opAny, p.op == opValue, p.op == opBytes, p.op == opPath && first == '{':
		return d.decodePart(p, v, depth)
	case first == 'n':
		return d.literal("null") == nil
	}
	switch p.op {
	case opBool:
		v.SetBool(first == 't')
		if first == 't' {
			return d.literal("true") == nil
		}
		return d.literal("false") == nil
	case opInt, opUint:
		return d.decodeInteger(p, v)
	case opFloat32, opFloat64:
		return d.decodeFloat(v)
	case opPointer:
		elem := reflect.New(v.Type().Elem())
		v.Set(elem)
		return d.decode(p.elem, elem.Elem(), depth)
	case opSlice:
		return first == '[' && depth <= MaxNesting && d.decodeList(p, v, depth)
	case opMap:
		return first == '{' && depth <= MaxNesting && d.decodeMap(p, v, depth)
	case opStruct:
		return first == '{' && depth <= MaxNesting && d.decodeStruct(p, v, depth)
	}
	text, ok := d.quickText()
	if !ok {
		return false
	}
	switch p.op {
	case opString:
		v.SetString(d.texts.text(text))
		return true
	case opPath:
		v.SetString(d.texts.text(text))
		return bytes.IndexByte(text, 0) < 0
	case opID:
		id, err := uuid.ParseBytes(text)
		put(v, id)
		return err == nil
	case opTime:
		t, ok := parseTime(text)
		put(v, t)
		return ok
	}
	return false
}

// decodePart passes a value to the library, or keeps it encoded in a Value.
func (d *jsonDecoder) decodePart(p *plan, v reflect.Value, depth int) bool {
	d.space()
	start := d.pos
	if d.late && depth == 2 && p.op == opValue {
		if !d.skim() {
			return false
		}
	} else if d.value(depth) != nil {
		return false
	}
	part := bytes.TrimRight(d.data[start:d.pos], " \t\r\n")
	if p.op == opValue {
		put(v, RawValue(JSON, bytes.Clone(part)))
		return len(part) > 0
	}
	return json.Unmarshal(part, into(v)) == nil
}

func (d *jsonDecoder) decodeInteger(p *plan, v reflect.Value) bool {
	negative := d.peek() == '-'
	if negative {
		d.pos++
	}
	start := d.pos
	var n uint64
	for ; d.pos < len(d.data) && d.data[d.pos]-'0' <= 9; d.pos++ {
		n = n*10 + uint64(d.data[d.pos]-'0')
	}
	digits := d.data[start:d.pos]
	if c := d.peek(); len(digits) == 0 || len(digits) > 1 && digits[0] == '0' || c == '.' || c == 'e' || c == 'E' {
		return false
	}
	if len(digits) > len("9999999999999999999") { // which fits in 64 bits
		var err error
		if n, err = strconv.ParseUint(string(digits), 10, 64); err != nil {
			return false
		}
	}
	if p.op == opUint {
		v.SetUint(n)
		return !negative && v.Uint() == n
	}
	number := int64(n)
	if negative {
		number = -number
	}
	v.SetInt(number)
	return v.Int() == number && number < 0 == negative // in range, and not −0
}

func (d *jsonDecoder) decodeFloat(v reflect.Value) bool {
	start := d.pos
	if d.number() != nil {
		return false
	}
	f, err := strconv.ParseFloat(d.texts.text(d.data[start:d.pos]), v.Type().Bits())
	v.SetFloat(f)
	return err == nil && !math.IsInf(f, 0)
}

func (d *jsonDecoder) decodeList(p *plan, v reflect.Value, depth int) bool {
	d.pos++
	for i := 0; ; i++ {
		if d.next() == ']' {
			if d.pos++; i == 0 {
				v.Set(p.none)
			}
			return true
		}
		if i > 0 && !d.comma() {
			return false
		}
		if i == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(i + 1)
		if !d.decode(p.elem, v.Index(i), depth+1) {
			return false
		}
	}
}

func (d *jsonDecoder) decodeMap(p *plan, v reflect.Value, depth int) bool {
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	d.pos++
	for n := 0; ; n++ {
		if d.next() == '}' {
			d.pos++
			return v.Len() == n // there were no duplicate keys
		}
		if n > 0 && !d.comma() {
			return false
		}
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
}

func (d *jsonDecoder) decodeStruct(p *plan, v reflect.Value, depth int) bool {
	d.pos++
	var m members
	for n := 0; ; n++ {
		if d.next() == '}' {
			d.pos++
			return true
		}
		if n > 0 && !d.comma() {
			return false
		}
		if i := p.keyJSON(m.next, d.data[d.pos:]); i >= 0 {
			f := &p.fields[i]
			d.pos += len(f.json) - len(",")
			if !m.first(i) || !d.decode(f.plan, f.of(v), depth+1) {
				return false
			}
			continue
		}
		name, ok := d.key()
		if !ok || !m.firstUnknown(p, name) || d.value(depth+1) != nil {
			return false
		}
	}
}

// keyJSON returns the index in fields of the one whose key data starts with, or
// −1. It tries the expected one first.
func (p *plan) keyJSON(expected int, data []byte) int {
	for n := range p.fields {
		i := (expected + n) % len(p.fields)
		if key := p.fields[i].json[len(","):]; len(data) >= len(key) && string(data[:len(key)]) == key {
			return i
		}
	}
	return -1
}

// comma reads a comma and the white space after it.
func (d *jsonDecoder) comma() bool {
	if d.peek() != ',' {
		return false
	}
	d.pos++
	d.space()
	return true
}

// key reads a key and its colon.
func (d *jsonDecoder) key() ([]byte, bool) {
	name, ok := d.quickText()
	if !ok || d.next() != ':' {
		return nil, false
	}
	d.pos++
	return name, true
}

// quickText reads a string, with a fast path for ASCII without escapes.
func (d *jsonDecoder) quickText() ([]byte, bool) {
	if d.peek() != '"' {
		return nil, false
	}
	rest := d.data[d.pos+1:]
	if end := bytes.IndexByte(rest, '"'); end >= 0 {
		if escape, ascii := scanJSONText(rest[:end]); !escape && ascii {
			d.pos += end + 2
			return rest[:end], true
		}
	}
	raw, err := d.text()
	return unquote(raw), err == nil
}

// skim skips a value, checking only what it needs to find its end.
func (d *jsonDecoder) skim() bool {
	for depth := 0; d.pos < len(d.data); {
		switch c := d.data[d.pos]; c {
		case '"':
			if !d.skimText() {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return true // after a number or a literal
			}
			if depth--; depth == 0 {
				d.pos++
				return true
			}
		case ',':
			if depth == 0 {
				return true
			}
		}
		d.pos++
	}
	return false
}

func (d *jsonDecoder) skimText() bool {
	for d.pos++; ; d.pos++ {
		end := bytes.IndexByte(d.data[d.pos:], '"')
		if end < 0 {
			return false
		}
		slash := end
		for slash > 0 && d.data[d.pos+slash-1] == '\\' {
			slash--
		}
		d.pos += end
		if (end-slash)%2 == 0 {
			d.pos++
			return true
		}
	}
}
