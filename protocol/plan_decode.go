package protocol

import (
	"reflect"
	"strings"
)

// decodePlanned stores data in what v points to, by its type's plan. It
// reports false where only the library can decode data, or can say what is
// wrong with it; what v points to is zero then, as it must be before.
func (e Encoding) decodePlanned(data []byte, v any) bool { return e.decodeReply(data, v, false) }

// decodeReply is decodePlanned. Where it is late, a Value that is a field of v
// is not looked into, only for its end: what is wrong in it will be found when
// it is decoded.
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

// A members finds the fields of a struct for the keys of an object. The keys
// are expected in the order of the fields, in which they are sent.
type members struct {
	next    int
	seen    uint64 // the fields, by index
	unknown *keySet
}

// first marks field i as found, and reports whether it had not been.
func (m *members) first(i int) bool {
	twice := m.seen&(1<<i) != 0
	m.seen |= 1 << i
	m.next = i + 1
	return !twice
}

// firstUnknown does the same for the name of no field.
func (m *members) firstUnknown(p *plan, name []byte) bool {
	for i := range p.fields {
		if p.fields[i].name == string(name) {
			return false // in a form that the decoder did not see through
		}
	}
	if m.unknown == nil {
		m.unknown = new(keySet)
	}
	return m.unknown.add(name)
}

// texts makes strings. Many share an allocation, so that a listing costs a
// hundredth of them, and few enough that to keep one keeps no more than a page.
type texts struct {
	pile strings.Builder
	size int
}

const pileSize = 4 << 10

// textsFor returns texts for what is in data, and may be used once.
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

// into returns what the library is to store v's value in.
func into(v reflect.Value) any { return v.Addr().Interface() }

// put sets v, which is a T.
func put[T any](v reflect.Value, t T) {
	p, _ := reflect.TypeAssert[*T](v.Addr())
	*p = t
}
