package protocol

import "reflect"

// What a part of a value takes besides its text, roughly.
const (
	scalarSize = 8
	memberSize = 16 // a key of a struct, with its punctuation
)

// Size returns roughly how many bytes v takes once encoded. It does not encode
// v, and counts text without its escapes.
func (v Value) Size() int {
	if v.raw != nil {
		return len(v.raw)
	}
	return sizeOf(reflect.ValueOf(v.v), MaxNesting)
}

// sizeOf ignores what is nested deeper than depth, which no frame can hold.
func sizeOf(v reflect.Value, depth int) (n int) {
	if depth < 0 {
		return 0
	}
	switch v.Kind() {
	case reflect.String:
		return v.Len() + len(`"",`)
	case reflect.Struct:
		if v.Type() == valueType {
			return as[Value](v).Size()
		}
		for i := range v.NumField() {
			n += memberSize
			switch field := v.Field(i); field.Kind() {
			case reflect.String:
				n += field.Len()
			case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer, reflect.Interface:
				if field.CanInterface() { // is exported
					n += sizeOf(field, depth-1)
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 2 * v.Len() // as base64, or the digits of an id
		}
		for i := range v.Len() {
			n += sizeOf(v.Index(i), depth-1)
		}
	case reflect.Map:
		if m, ok := reflect.TypeAssert[map[string]any](v); ok { // the usual one, without reflection's copies
			for key, elem := range m {
				n += len(key) + memberSize + sizeOf(reflect.ValueOf(elem), depth-1)
			}
			return n
		}
		for it := v.MapRange(); it.Next(); {
			n += memberSize + sizeOf(it.Key(), depth-1) + sizeOf(it.Value(), depth-1)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return sizeOf(v.Elem(), depth-1)
		}
	}
	return n + scalarSize
}
