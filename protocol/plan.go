package protocol

import (
	"bytes"
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
)

// A plan describes the encodings of a Go type, computed once per type: its fields
// in the order of each encoding, with encoded keys. With a plan a value is
// encoded without reading struct tags and without allocating.
//
// A plan produces the same bytes as the libraries. Types with their own encoding
// methods, or with tags other than a name and omitzero, are left to the
// libraries. So are values that cannot be encoded, for the error.
type plan struct {
	op     op
	elem   *plan   // of opPointer, opSlice and opMap
	fields []field // of opStruct, as declared
	byKey  []field // of opStruct, ordered by key as in RFC 8949, section 4.2.1
}

// A field is a field of a struct or of a struct embedded in it.
type field struct {
	*plan
	index    int
	embedded []int // indices after index, for a field of an embedded struct
	omitZero bool
	json     string // `,"name":`
	cbor     string
	name     string
}

// An op selects how a value is encoded.
type op uint8

const (
	opLibrary op = iota // by the library
	opBool
	opInt
	opUint
	opFloat
	opString
	opBytes
	opTime
	opID
	opPath
	opValue
	opAny
	opPointer
	opSlice
	opMap // with text keys
	opStruct
)

var (
	timeType  = reflect.TypeFor[time.Time]()
	idType    = reflect.TypeFor[ID]()
	pathType  = reflect.TypeFor[Path]()
	valueType = reflect.TypeFor[Value]()
	byteType  = reflect.TypeFor[byte]()

	plans sync.Map // of *plan, by reflect.Type

	library = &plan{op: opLibrary}
)

// planOf returns the plan of t, and caches it.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(t, makePlan(t, nil))
	return p.(*plan)
}

// makePlan returns the plan of t, which is inside the types in above. A type
// inside itself is left to the library.
func makePlan(t reflect.Type, above []reflect.Type) *plan {
	switch t {
	case timeType:
		return &plan{op: opTime}
	case idType:
		return &plan{op: opID}
	case pathType:
		return &plan{op: opPath}
	case valueType:
		return &plan{op: opValue}
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[cbor.Tag](): // which a library rejects
		return library
	}
	if t.Kind() != reflect.Pointer && ownForm(t) || slices.Contains(above, t) {
		return library
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Bool:
		return &plan{op: opBool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &plan{op: opInt}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &plan{op: opUint}
	case reflect.Float64:
		return &plan{op: opFloat}
	case reflect.String:
		return &plan{op: opString}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return &plan{op: opAny}
		}
	case reflect.Pointer:
		return &plan{op: opPointer, elem: makePlan(t.Elem(), above)}
	case reflect.Slice:
		switch {
		case t.Elem() == byteType:
			return &plan{op: opBytes}
		case t.Elem().Kind() != reflect.Uint8: // the libraries disagree on these
			return &plan{op: opSlice, elem: makePlan(t.Elem(), above)}
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && !ownForm(t.Key()) {
			return &plan{op: opMap, elem: makePlan(t.Elem(), above)}
		}
	case reflect.Struct:
		if fields, ok := planFields(t, above); ok {
			return structPlan(fields)
		}
	}
	return library
}

func structPlan(fields []field) *plan {
	byKey := slices.Clone(fields)
	slices.SortFunc(byKey, func(a, b field) int { return strings.Compare(a.cbor, b.cbor) })
	for i := 1; i < len(byKey); i++ {
		if byKey[i].name == byKey[i-1].name {
			return library // which follows the rules of Go for duplicate names
		}
	}
	return &plan{op: opStruct, fields: fields, byKey: byKey}
}

// planFields returns the plans of the fields of the struct t and of those embedded
// in it. It reports false if a tag needs the libraries.
func planFields(t reflect.Type, above []reflect.Type) ([]field, bool) {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		if _, other := f.Tag.Lookup("cbor"); other {
			return nil, false
		}
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct && !ownForm(f.Type):
			inner, ok := planFields(f.Type, above)
			if !ok {
				return nil, false
			}
			for _, in := range inner {
				in.embedded = append([]int{in.index}, in.embedded...)
				in.index = i
				fields = append(fields, in)
			}
			continue
		case f.Anonymous && name == "", !f.IsExported() && tagged:
			return nil, false
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		omitZero := options == "omitzero"
		if options != "" && !omitZero || !plainName(name) || omitZero && hasOwnZero(f.Type) {
			return nil, false
		}
		fields = append(fields, field{
			plan: makePlan(f.Type, above), index: i, omitZero: omitZero, name: name,
			json: `,"` + name + `":`,
			cbor: string(appendCBORText(nil, name)),
		})
	}
	return fields, len(fields) > 0 || t.NumField() == 0
}

// plainName reports whether name needs no escape in a tag or in an encoding.
func plainName(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// ownForm reports whether t, or a pointer to it, has a method that a library uses
// to encode it.
func ownForm(t reflect.Type) bool {
	return slices.ContainsFunc(ownForms, func(form reflect.Type) bool {
		return t.Implements(form) || reflect.PointerTo(t).Implements(form)
	})
}

var ownForms = []reflect.Type{
	reflect.TypeFor[json.Marshaler](),
	reflect.TypeFor[json.MarshalerTo](),
	reflect.TypeFor[cbor.Marshaler](),
	reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[encoding.TextAppender](),
	reflect.TypeFor[encoding.BinaryMarshaler](),
}

// hasOwnZero reports whether t has an IsZero method that isZero does not
// consider.
func hasOwnZero(t reflect.Type) bool {
	zeroer := reflect.TypeFor[interface{ IsZero() bool }]()
	return t != timeType && t != valueType && (t.Implements(zeroer) || reflect.PointerTo(t).Implements(zeroer))
}

// of returns the field's value in the struct v.
func (f *field) of(v reflect.Value) reflect.Value {
	v = v.Field(f.index)
	for _, i := range f.embedded {
		v = v.Field(i)
	}
	return v
}

// isZero reports whether v, the field's value, is zero.
func (f *field) isZero(v reflect.Value) bool {
	switch f.op {
	case opTime:
		return as[time.Time](v).IsZero()
	case opValue:
		return as[Value](v).IsZero()
	}
	return v.IsZero()
}

// as returns v, which is a T, without the allocation of v.Interface.
func as[T any](v reflect.Value) T {
	t, _ := reflect.TypeAssert[T](v)
	return t
}

// deepest is how deep interfaces may be nested before the value is left to the
// library, which detects cycles.
const deepest = 1000

// appendPlanned appends v by its type's plan. It reports false if only the library
// can encode v or describe the error; the bytes after buf are then invalid.
func (e Encoding) appendPlanned(buf []byte, v any, depth int) ([]byte, bool) {
	if v == nil {
		return appendNull(buf, e), true
	}
	p := planOf(reflect.TypeOf(v))
	if p.op == opLibrary || depth > deepest {
		return e.appendByLibrary(buf, v)
	}
	return p.append(e, buf, reflect.ValueOf(v), depth)
}

// appendByLibrary appends v, a part of a value with a plan, with the library.
func (e Encoding) appendByLibrary(buf []byte, v any) ([]byte, bool) {
	w := bytes.NewBuffer(buf)
	err := e.encode(w, v)
	return w.Bytes(), err == nil
}

// part returns v for a library to encode: a pointer if possible, so that methods
// with pointer receivers are found.
func part(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	return v.Interface()
}
