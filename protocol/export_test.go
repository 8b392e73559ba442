package protocol

import (
	"bytes"
	"reflect"
)

// AppendByLibrary encodes v as Append does where no plan is to be had.
func (e Encoding) AppendByLibrary(buf []byte, v any) ([]byte, error) {
	w := bytes.NewBuffer(buf)
	err := e.encode(w, v)
	return w.Bytes(), err
}

// Planned reports whether v is encoded by a plan, no part of it by the library.
func (e Encoding) Planned(v any) bool {
	_, ok := e.appendPlanned(nil, v, 0)
	return ok
}

// LeftToLibrary returns the types inside t that have no plan of their own.
func LeftToLibrary(t reflect.Type) []reflect.Type {
	var left []reflect.Type
	var walk func(p *plan, t reflect.Type)
	walk = func(p *plan, t reflect.Type) {
		switch p.op {
		case opLibrary:
			left = append(left, t)
		case opPointer, opSlice, opMap:
			walk(p.elem, t.Elem())
		case opStruct:
			for _, f := range p.fields {
				walk(f.plan, t.FieldByIndex(append([]int{f.index}, f.embedded...)).Type)
			}
		}
	}
	walk(planOf(t), t)
	return left
}
