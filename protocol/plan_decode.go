package protocol

import (
	"reflect"
	"strings"
)

// decodePlanned decodes data into the value that v points to, which must be zero,
// by its type's plan. It reports false, and leaves the value zero, if only the
// library can decode data or describe the error.
func (e Encoding) decodePlanned(data []byte, v any) bool { return e.decodeReply(data, v, false) }

// decodeReply is decodePlanned. If late is set, Values in v are not checked, only
// delimited; decoding them later finds what is wrong in them.
func (e Encoding) decodeReply(data []byte, v any, late bool) bool {
	dst := reflect.ValueOf(v)
	if dst.Kind() != reflect.Pointer || dst.IsNil() || !dst.Elem().IsZero() {
		return false
	}
	dst = dst.Elem()
	p := planOf(dst.Type())
	if p.op == opLibrary {
		return false
	}
	ok := false
	if e == CBOR {
		d := cborDecoder{cborScanner: cborScanner{data: data}, texts: textsFor(data), late: late}
		ok = d.decode(p, dst, 1) && d.pos == len(data)
	} else {
		d := jsonDecoder{jsonScanner: jsonScanner{data: data}, texts: textsFor(data), late: late}
		ok = d.decode(p, dst, 1) && d.end() == nil
	}
	if !ok {
		dst.SetZero()
	}
	return ok
}

// A members finds the struct fields for the keys of an object. It is fast if the
// keys come in the order of the fields, in which the server sends them.
type members struct {
	next    int
	seen    uint64 // the fields, by index
	unknown *keySet
}

// first marks field i as found, and reports whether it is the first time.
func (m *members) first(i int) bool {
	twice := m.seen&(1<<i) != 0
	m.seen |= 1 << i
	m.next = i + 1
	return !twice
}

// firstUnknown does the same for a key that is not the name of a field.
func (m *members) firstUnknown(p *plan, name []byte) bool {
	for i := range p.fields {
		if p.fields[i].name == string(name) {
			return false // spelled in a way that the decoder did not recognize
		}
	}
	if m.unknown == nil {
		m.unknown = new(keySet)
	}
	return m.unknown.add(name)
}

// texts allocates strings in groups that share memory, so that a listing needs a
// hundredth of the allocations. A group has at most pileSize bytes, which is what
// a single string that is kept holds in memory.
type texts struct {
	pile strings.Builder
	size int
}

const pileSize = 4 << 10

// textsFor returns a texts for the strings in data.
func textsFor(data []byte) texts { return texts{size: min(len(data), pileSize)} }

func (t *texts) text(b []byte) string {
	if len(b) > t.pile.Cap()-t.pile.Len() {
		if len(b) > pileSize/8 {
			return string(b)
		}
		t.pile.Reset()
		t.pile.Grow(max(t.size, len(b)))
	}
	start := t.pile.Len()
	t.pile.Write(b)
	return t.pile.String()[start:]
}

// into returns the pointer through which the library decodes into v.
func into(v reflect.Value) any { return v.Addr().Interface() }

// put sets v, which is a T.
func put[T any](v reflect.Value, t T) {
	p, _ := reflect.TypeAssert[*T](v.Addr())
	*p = t
}
