package protocol_test

import (
	"math"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// drawPointer draws a pointer to a value of type t.
func drawPointer(t *rapid.T, typ reflect.Type) reflect.Value {
	p := reflect.New(typ)
	draw(t, p.Elem())
	return p
}

var texts = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[ -~]{0,40}`),
	rapid.SampledFrom([]string{"", `"`, `\`, "12345678\"", "1234567\x1f", "\x7f<&>", "\u2028\u2029", "\ufffd", "é1234567", "\x00", "日本語のファイル名"}),
)

// draw sets v, which may be nil where its type has that, to anything.
func draw(t *rapid.T, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		at := time.Unix(rapid.Int64Range(-63_000_000_000, 254_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		at = rapid.SampledFrom([]time.Time{{}, at, at.Truncate(time.Second), at.Truncate(time.Millisecond), time.Unix(0, 0), at.In(time.FixedZone("", 3600))}).Draw(t, "time")
		v.Set(reflect.ValueOf(at))
		return
	case protocol.Value:
		v.Set(reflect.ValueOf(drawValue(t)))
		return
	case protocol.Path:
		name := texts.Draw(t, "path")
		if rapid.IntRange(0, 3).Draw(t, "UTF-8") == 0 {
			name += string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		}
		v.SetString(name)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 23, 24, -24, -25, 255, 256, math.MinInt64, math.MaxInt64})).Draw(t, "int"))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.OneOf(rapid.Uint64(), rapid.Just(uint64(math.MaxUint64))).Draw(t, "uint"))
	case reflect.Float32:
		v.SetFloat(float64(rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, 1e21, 1e-7, math.MaxFloat32})).Draw(t, "float")))
	case reflect.Float64:
		v.SetFloat(drawFloat(t))
	case reflect.String:
		text := texts.Draw(t, "text")
		if rapid.IntRange(0, 200).Draw(t, "spoilt") == 200 {
			text += "\xff"
		}
		v.SetString(text)
	case reflect.Interface:
		if any := drawAny(t, 3); any != nil {
			v.Set(reflect.ValueOf(any))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(drawPointer(t, v.Type().Elem()))
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(t, "elements"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				draw(t, v.Index(i))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			draw(t, v.Index(i))
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 4).Draw(t, "pairs"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				v.SetMapIndex(drawPointer(t, v.Type().Key()).Elem(), drawPointer(t, v.Type().Elem()).Elem())
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				drawField(t, v.Field(i))
			}
		}
	}
}

// drawField draws v, and the exported fields of an embedded struct that is not
// exported itself and cannot be set as a whole.
func drawField(t *rapid.T, v reflect.Value) {
	if v.CanInterface() {
		draw(t, v)
		return
	}
	for i := range v.NumField() {
		draw(t, v.Field(i))
	}
}

func drawFloat(t *rapid.T) float64 {
	f := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 0.5, 1e21, 1e20, 1e-6, 1e-7, 1e-10, math.MaxFloat64})).Draw(t, "float")
	if rapid.IntRange(0, 200).Draw(t, "no number") == 200 {
		return rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(t, "which")
	}
	return f
}

// drawAny draws what an interface may hold: trees as decoders make them, and
// Go values.
func drawAny(t *rapid.T, depth int) any {
	switch rapid.IntRange(0, 10).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return drawFloat(t)
	case 2:
		return rapid.Bool().Draw(t, "bool")
	case 3:
		return rapid.Int64().Draw(t, "int")
	case 4, 5:
		goValues := []any{new(*int), []byte(nil), protocol.ID{}, protocol.Code(""), protocol.Path(""), time.Time{}, []string{}, map[string]int{}, nested{}, &nested{}, uint8(0), protocol.Value{}, api.Count{}}
		return drawPointer(t, reflect.TypeOf(rapid.SampledFrom(goValues).Draw(t, "Go"))).Elem().Interface()
	case 6, 7:
		list := []any{}
		for i := 0; depth > 0 && i < rapid.IntRange(0, 3).Draw(t, "elements"); i++ {
			list = append(list, drawAny(t, depth-1))
		}
		return list
	case 8:
		pairs := map[string]any{}
		for i := 0; depth > 0 && i < rapid.IntRange(0, 3).Draw(t, "pairs"); i++ {
			pairs[texts.Draw(t, "key")] = drawAny(t, depth-1)
		}
		return pairs
	}
	return texts.Draw(t, "text")
}

func drawValue(t *rapid.T) protocol.Value {
	switch rapid.IntRange(0, 2).Draw(t, "value") {
	case 0:
		return protocol.Value{}
	case 1:
		return protocol.ValueOf(drawAny(t, 2))
	}
	enc := rapid.SampledFrom(encodings).Draw(t, "encoding")
	raw, err := enc.AppendByLibrary(nil, drawAny(t, 2))
	if err != nil {
		return protocol.Value{}
	}
	return protocol.RawValue(enc, raw)
}
