package registry_test

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

func TestBindRefuses(t *testing.T) {
	handler := func(context.Context, api.Empty) (api.Empty, error) { return api.Empty{}, nil }
	for _, name := range []string{"", "one", "Upper.case", "with space.x", "a..b", "query:a.b.v1"} {
		t.Run("name "+name, func(t *testing.T) {
			defer mustPanic(t)
			registry.Bind(registry.New(), protocol.CoreQuery[api.Empty, api.Empty](name, "Help"), handler)
		})
	}
	t.Run("duplicate", func(t *testing.T) {
		r := registry.New()
		registry.Bind(r, protocol.CoreQuery[api.Empty, api.Empty]("a.b", "Help"), handler)
		defer mustPanic(t)
		registry.Bind(r, protocol.CoreAction[api.Empty, api.Empty]("a.b", "Help"), handler)
	})
	t.Run("help of two lines", func(t *testing.T) {
		defer mustPanic(t)
		registry.Bind(registry.New(), protocol.CoreQuery[api.Empty, api.Empty]("a.b", "Help\nmore"), handler)
	})
}

func TestCompleteFindsAnOperationWithoutAHandler(t *testing.T) {
	r := registry.New()
	registry.Bind(r, api.LibrariesCreate, func(context.Context, api.LibraryCreateInput) (api.Library, error) { return api.Library{}, nil })
	defer mustPanic(t)
	r.Complete()
}

func mustPanic(t *testing.T) {
	t.Helper()
	if recover() == nil {
		t.Error("no panic")
	}
}

func TestFind(t *testing.T) {
	r := registry.New()
	registry.Bind(r, api.LibrariesCreate, func(context.Context, api.LibraryCreateInput) (api.Library, error) { return api.Library{}, nil })
	for _, name := range []string{"libraries.create", "action:libraries.create.input.v1"} {
		if m, err := r.Find(protocol.Action, name); err != nil || m.Name != "libraries.create" {
			t.Errorf("Find(%s) = %v, %v", name, m, err)
		}
	}
	_, err := r.Find(protocol.Query, "libraries.create")
	if !protocol.HasCode(err, protocol.MethodNotFound) || !strings.Contains(err.Error(), "action") {
		t.Errorf("the wrong kind: %v", err)
	}
	_, err = r.Find(protocol.Action, "libraries.craete")
	if !protocol.HasCode(err, protocol.MethodNotFound) || !strings.Contains(err.Error(), `did you mean "libraries.create"?`) {
		t.Errorf("a slip: %v", err)
	}
}

func TestALongNameIsCutBetweenCharacters(t *testing.T) {
	r := registry.New()
	registry.BindMethods(r)
	name := strings.Repeat("x", 63) + "é"
	m, err := r.Find(protocol.Query, "core.methods")
	if err != nil {
		t.Fatal(err)
	}
	_, unknown := r.Find(protocol.Query, name)
	_, undescribed := m.Run(&registry.Call{Context: t.Context()}, &api.MethodsInput{Method: name})
	for code, err := range map[protocol.Code]error{protocol.MethodNotFound: unknown, protocol.NotFound: undescribed} {
		wire := protocol.AsError(err)
		if wire == nil || wire.Code != code {
			t.Errorf("%v, want code %s", err, code)
			continue
		}
		if !strings.Contains(wire.Message, strings.Repeat("x", 63)+"…") {
			t.Errorf("%s", wire.Message)
		}
		for key, detail := range wire.Details {
			if text, ok := detail.(string); ok && !utf8.ValidString(text) {
				t.Errorf("%s is not UTF-8: %q", key, text)
			}
		}
	}
}

type object = map[string]any

func TestDecode(t *testing.T) {
	r := registry.New()
	registry.Bind(r, api.SearchFiles, func(context.Context, api.SearchInput) (api.SearchResult, error) { return api.SearchResult{}, nil })
	m, err := r.Find(protocol.Query, "search.files")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		payload any
		field   string
		code    protocol.Code
	}{
		{object{"query": 7}, "query", protocol.Deserialization},
		{object{"Query": "x"}, "Query", protocol.Deserialization},
		{object{"filters": object{"size": object{"min": "big"}}}, "filters.size.min", protocol.Deserialization},
		{object{"filters": object{"locations": []any{protocol.NewID(), "x"}}}, "filters.locations.1", protocol.Deserialization},
		{object{"filters": object{"modified": object{"from": "yesterday"}}}, "filters.modified.from", protocol.Deserialization},
		{object{"filters": object{"sizes": object{}}}, "filters.sizes", protocol.Deserialization},
		{object{"scope": object{"path": "/a\x00"}}, "scope.path", protocol.Deserialization},
		{object{"limit": 1.5}, "limit", protocol.Deserialization},
		{object{"limit": -1}, "limit", protocol.Validation},
		{object{"sort": "colour"}, "sort", protocol.Validation},
		{[]any{}, "", protocol.Deserialization},
	} {
		for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
			payload, err := enc.Marshal(tt.payload)
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Decode(enc, payload)
			wire := protocol.AsError(err)
			if wire == nil || wire.Code != tt.code {
				t.Errorf("%v %v: %v, want code %s", enc, tt.payload, err, tt.code)
				continue
			}
			if field, _ := wire.Details["field"].(string); field != tt.field {
				t.Errorf("%v %v: field %q, want %q (%v)", enc, tt.payload, field, tt.field, err)
			}
		}
	}
	in, err := m.Decode(protocol.JSON, nil)
	if err != nil || in.(*api.SearchInput).Limit != api.DefaultLimit {
		t.Errorf("no payload: %+v, %v", in, err)
	}
}
