package registry_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

func TestMethodsDescribesWithSchemas(t *testing.T) {
	r := registry.New()
	registry.BindMethods(r)
	registry.Bind(r, api.SearchFiles, func(context.Context, api.SearchInput) (api.SearchResult, error) { return api.SearchResult{}, nil })
	m, err := r.Find(protocol.Query, "core.methods")
	if err != nil {
		t.Fatal(err)
	}
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		payload, _ := enc.Marshal(map[string]any{"method": "search.files"})
		in, err := m.Decode(enc, payload)
		if err != nil {
			t.Fatal(err)
		}
		out, err := m.Run(&registry.Call{Context: t.Context()}, in)
		if err != nil {
			t.Fatal(err)
		}
		wire, err := enc.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		var got api.Methods
		if err := enc.Unmarshal(wire, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Methods) != 1 || got.Methods[0].Method != "query:search.files.v1" {
			t.Fatalf("%v: %+v", enc, got)
		}
		var generic any
		if err := got.Methods[0].InputSchema.Decode(&generic); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(generic)
		var s jsonschema.Schema
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		resolved, err := s.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(map[string]any{"query": "a", "limit": 5}); err != nil {
			t.Errorf("%v: a valid input fails the schema: %v", enc, err)
		}
		if resolved.Validate(map[string]any{"colour": "red"}) == nil {
			t.Errorf("%v: the schema lets an unknown key pass", enc)
		}
	}
}
