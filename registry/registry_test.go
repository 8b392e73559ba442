package registry_test

import (
	"context"
	"strings"
	"testing"

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

func TestDecode(t *testing.T) {
	r := registry.New()
	registry.Bind(r, api.SearchFiles, func(context.Context, api.SearchInput) (api.SearchResult, error) { return api.SearchResult{}, nil })
	m, err := r.Find(protocol.Query, "search.files")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		payload, field string
		code           protocol.Code
	}{
		{`{"query":7}`, "query", protocol.Deserialization},
		{`{"Query":"x"}`, "Query", protocol.Deserialization},
		{`{"filters":{"size":{"min":"big"}}}`, "filters.size.min", protocol.Deserialization},
		{`{"filters":{"locations":["0190a3c4-0000-7000-8000-000000000000","x"]}}`, "filters.locations.1", protocol.Deserialization},
		{`{"filters":{"sizes":{}}}`, "filters.sizes", protocol.Deserialization},
		{`{"limit":1.5}`, "limit", protocol.Deserialization},
		{`{"limit":-1}`, "limit", protocol.Validation},
		{`{"sort":"colour"}`, "sort", protocol.Validation},
		{`[]`, "", protocol.Deserialization},
	} {
		_, err := m.Decode(protocol.JSON, []byte(tt.payload))
		wire := protocol.AsError(err)
		if wire == nil || wire.Code != tt.code {
			t.Errorf("%s: %v, want code %s", tt.payload, err, tt.code)
			continue
		}
		if field, _ := wire.Details["field"].(string); field != tt.field {
			t.Errorf("%s: field %q, want %q (%v)", tt.payload, field, tt.field, err)
		}
	}
	in, err := m.Decode(protocol.JSON, nil)
	if err != nil || in.(*api.SearchInput).Limit != api.DefaultLimit {
		t.Errorf("no payload: %+v, %v", in, err)
	}
}
