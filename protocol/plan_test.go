package protocol_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

var encodings = []protocol.Encoding{protocol.JSON, protocol.CBOR}

// wireTypes are the inputs, the outputs and the data of events that
// protocol/api declares, and what is around them.
var wireTypes = []any{
	api.Status{}, api.MethodsInput{}, api.Methods{}, api.Empty{}, api.DebugInput{}, api.Debug{}, api.Metrics{},
	api.LibraryCreateInput{}, api.LibraryRenameInput{}, api.LibraryDeleteInput{}, api.LibraryDeleted{},
	api.Library{}, api.Libraries{}, api.LibraryInfo{}, api.CurrentLibrary{},
	api.LocationAddInput{}, api.LocationAdded{}, api.LocationListInput{}, api.Locations{},
	api.LocationRemoveInput{}, api.LocationRemoved{}, api.LocationRescanInput{}, api.JobStarted{},
	api.JobListInput{}, api.Jobs{}, api.JobInput{}, api.JobInfoInput{}, api.JobInfo{}, api.IndexOutput{},
	api.SearchInput{}, api.SearchResult{},
	api.CoreEvent{}, api.LibraryEvent{}, api.LocationEvent{}, api.EntriesChangedEvent{}, api.JobEvent{}, api.LogEvent{},
	protocol.Event{}, protocol.Gap{}, protocol.Error{}, protocol.Position{}, protocol.Filter{}, protocol.SubscribeRequest{},
}

// TestEveryTypeOfTheAPIIsAmongTheTested finds a type that was added to
// protocol/api and to nothing here.
func TestEveryTypeOfTheAPIIsAmongTheTested(t *testing.T) {
	tested := make(map[string]bool)
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			if tested[t.Name()] = true; strings.HasSuffix(t.PkgPath(), "/protocol/api") {
				for i := range t.NumField() {
					walk(t.Field(i).Type)
				}
			}
		}
	}
	for _, v := range wireTypes {
		walk(reflect.TypeOf(v))
	}
	files, err := filepath.Glob("api/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of protocol/api: %v", err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if _, isStruct := spec.Type.(*ast.StructType); isStruct && !tested[spec.Name.Name] {
					t.Errorf("api.%s is not among wireTypes", spec.Name.Name)
				}
			}
			return true
		})
	}
}

func TestNoTypeOfTheAPIIsLeftToALibrary(t *testing.T) {
	for _, v := range append(slices.Clone(wireTypes), kinds{}) {
		if left := protocol.LeftToLibrary(reflect.TypeOf(v)); len(left) > 0 {
			t.Errorf("%T: %v have no plan", v, left)
		}
	}
}

func TestAPlanAppendsWhatTheLibraryDoes(t *testing.T) {
	for _, v := range wireTypes {
		typ := reflect.TypeOf(v)
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { compareEncodings(t, drawPointer(t, typ)) })
		})
	}
}

// kinds has a field of every kind that a plan knows.
type kinds struct {
	Bool     bool
	Int      int    `json:"int"`
	Int8     int8   `json:"int8,omitzero"`
	Int16    int16  `json:",omitzero"`
	Int32    int32  `json:"-"`
	Int64    int64  `json:"int-64"`
	Uint     uint   `json:"uint,omitzero"`
	Uint8    uint8  `json:"uint8"`
	Uint16   uint16 `json:"uint16"`
	Uint32   uint32 `json:"uint32"`
	Uint64   uint64 `json:"uint64"`
	Float32  float32
	Float64  float64 `json:"float64,omitzero"`
	Text     string  `json:"text"`
	Named    protocol.Code
	Bytes    []byte         `json:"bytes"`
	Some     []byte         `json:"some,omitzero"`
	At       time.Time      `json:"at"`
	Maybe    *time.Time     `json:"maybe"`
	ID       protocol.ID    `json:"id,omitzero"`
	Path     protocol.Path  `json:"path,omitzero"`
	Value    protocol.Value `json:"value,omitzero"`
	Any      any            `json:"any"`
	Pointer  **int          `json:"pointer"`
	List     [][]string     `json:"list,omitzero"`
	Table    map[string]any `json:"table"`
	ByCode   map[protocol.Code][]int64
	Struct   struct{} `json:"struct,omitzero"`
	Nested   *nested  `json:"nested,omitzero"`
	embedded          // whose keys stand among these
}

type embedded struct {
	Above string `json:"above"`
	api.Page
}

type nested struct {
	Number int   `json:"n"`
	Others []any `json:"others"`
}

func kindsEncodeAlike(t *rapid.T) { compareEncodings(t, drawPointer(t, reflect.TypeFor[kinds]())) }

func TestAPlanKnowsEveryKind(t *testing.T) { rapid.Check(t, kindsEncodeAlike) }

func FuzzEncode(f *testing.F) { f.Fuzz(rapid.MakeFuzz(kindsEncodeAlike)) }

// compareEncodings checks that a value and its pointer are encoded as the
// libraries do it, or refused with the same error.
func compareEncodings(t *rapid.T, pointer reflect.Value) {
	for _, enc := range encodings {
		for _, v := range []any{pointer.Interface(), pointer.Elem().Interface()} {
			got, gotErr := enc.Append([]byte("before"), v)
			want, wantErr := enc.AppendByLibrary([]byte("before"), v)
			if (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() {
				t.Fatalf("%v %T: %v, want %v", enc, v, gotErr, wantErr)
			}
			if gotErr == nil && string(got) != string(want) {
				t.Fatalf("%v %T:\n%q, want\n%q", enc, v, got, want)
			}
			if enc.Planned(v) != (gotErr == nil) {
				t.Fatalf("%v %T: left to the library: %q", enc, v, got)
			}
		}
	}
}

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

type (
	textByValue   struct{ s string }
	textByPointer struct{ S string }
	textKey       string
	jsonByValue   int
	recursive     struct {
		Next  *recursive
		Below map[string][]recursive
	}
	shadowing struct {
		api.Page
		Limit string `json:"limit"`
	}
	byPointer struct{ *api.Page }
	hidden    struct{ n int }
	flag      uint8
	ownZero   int
)

func (t textByValue) MarshalText() ([]byte, error)    { return []byte(t.s), nil }
func (t *textByPointer) MarshalText() ([]byte, error) { return []byte("->" + t.S), nil }
func (k textKey) MarshalText() ([]byte, error)        { return []byte("key " + k), nil }
func (j jsonByValue) MarshalJSON() ([]byte, error)    { return json.Marshal([]int{int(j)}) }
func (z ownZero) IsZero() bool                        { return z == 7 }

// TestWhatIsPeculiarIsTheLibrarysBusiness has types that a plan would get wrong.
func TestWhatIsPeculiarIsTheLibrarysBusiness(t *testing.T) {
	deep := any("bottom")
	for range 2000 {
		deep = []any{deep}
	}
	for _, v := range []any{
		nil, (*api.Status)(nil), (*protocol.Error)(nil), new(any), [3]int{1, 2}, [2]byte{1, 2}, []flag{1, 2}, []recursive{{}},
		textByValue{"a"}, &textByPointer{"b"}, struct{ A []textByPointer }{[]textByPointer{{"c"}}}, struct{ A textByPointer }{textByPointer{"d"}},
		map[protocol.Path]int{"/a": 1}, map[protocol.Path]int{"/\xff": 1}, map[textKey]int{"b": 1, "a": 2}, map[int]string{2: "b", 1: "a", 10: "c"}, map[protocol.ID]int{{}: 1}, map[string]textByPointer{"x": {"y"}},
		jsonByValue(3), struct{ A any }{jsonByValue(4)}, errors.New("an error"), errors.ErrUnsupported, make(chan int), struct{ F func() }{},
		recursive{Next: &recursive{}, Below: map[string][]recursive{"b": {{}}, "a": nil}}, deep,
		shadowing{Limit: "x"}, byPointer{}, byPointer{&api.Page{Limit: 3}}, hidden{1}, struct{ A, b int }{1, 2}, &struct{ hidden }{}, struct{ time.Time }{},
		struct {
			N    int     `json:",omitempty"`
			S    string  `json:"s,omitempty"`
			P    *string `json:"p,omitempty"`
			List []int   `json:"list,omitempty"`
		}{},
		struct {
			N int `json:"n,string"`
		}{3},
		struct {
			N int `json:"n,case:ignore"`
		}{3},
		struct {
			N int `json:"n" cbor:"m,keyasint"`
		}{3},
		struct {
			N int "json:\"quoted\\\\\""
		}{3},
		struct {
			At *time.Time `json:"at,omitzero"`
		}{&time.Time{}},
		struct {
			Z ownZero `json:"z,omitzero"`
			Y ownZero `json:"y,omitzero"`
		}{7, 0},
		struct{ A [16]byte }{}, struct{ E error }{}, struct{ E error }{errors.New("x")}, json.RawMessage(` {"a" : 1}`), time.Second, jsontext.Value(`[1 ]`), cbor.Tag{Number: 1, Content: 2},
		time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(0, 2, 29, 0, 0, 0, 0, time.UTC),
		protocol.RawValue(protocol.JSON, []byte("{")), protocol.RawValue(protocol.CBOR, []byte("\xff")),
		protocol.RawValue(protocol.JSON, []byte(" {\"a\": 1,\n\"b\":2 } ")), "\xff", map[string]int{"\xff": 1}, float32(1) / 3,
	} {
		for _, enc := range encodings {
			got, gotErr := enc.Append([]byte("before"), v)
			want, wantErr := enc.AppendByLibrary([]byte("before"), v)
			if (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() ||
				gotErr == nil && string(got) != string(want) {
				t.Errorf("%v, %T: %.100q, %v, want %.100q, %v", enc, v, got, gotErr, want, wantErr)
			}
		}
	}
}

func TestAValueThatContainsItself(t *testing.T) {
	list := []any{nil}
	list[0] = list
	if _, err := protocol.JSON.Marshal(list); err == nil {
		t.Error("a list that contains itself is encoded")
	}
}

func TestEncodingTakesNoMemory(t *testing.T) {
	for name, v := range map[string]any{"status": status(), "listing": listing(10)} {
		for _, enc := range encodings {
			buf := make([]byte, 0, 64<<10)
			if n := testing.AllocsPerRun(100, func() { _, _ = enc.Append(buf, v) }); n > 0 {
				t.Errorf("%s, %v: %v allocations", name, enc, n)
			}
		}
	}
}
