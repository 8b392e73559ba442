package protocol_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
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

// wireTypes are the inputs and outputs of the operations and jobs, and what else
// crosses the socket.
var wireTypes = append(operationTypes(),
	api.CoreEvent{}, api.LibraryEvent{}, api.LocationEvent{}, api.EntriesChangedEvent{}, api.JobEvent{}, api.LogEvent{},
	protocol.Event{}, protocol.Gap{}, protocol.Error{}, protocol.Position{}, protocol.Filter{}, protocol.SubscribeRequest{},
)

// operationTypes returns a value of each type that an operation or a job takes or
// returns.
func operationTypes() (all []any) {
	var types []reflect.Type
	for _, op := range protocol.Declared() {
		types = append(types, op.Input, op.Output)
	}
	for _, kind := range api.JobKinds {
		types = append(types, kind.Input, kind.Output)
	}
	seen := make(map[reflect.Type]bool)
	for _, t := range types {
		if !seen[t] {
			seen[t] = true
			all = append(all, reflect.Zero(t).Interface())
		}
	}
	return all
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
					t.Errorf("api.%s is in no operation, and not among wireTypes", spec.Name.Name)
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
	Int      int     `json:"int"`
	Int8     int8    `json:"int8,omitzero"`
	Int16    int16   `json:",omitzero"`
	Int32    int32   `json:"-"`
	Int64    int64   `json:"int-64"`
	Uint     uint    `json:"uint,omitzero"`
	Uint8    uint8   `json:"uint8"`
	Uint16   uint16  `json:"uint16"`
	Uint32   uint32  `json:"uint32"`
	Uint64   uint64  `json:"uint64"`
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
