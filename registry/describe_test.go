package registry_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
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

// describe returns what core.methods answers of the operations in r.
func describe(t *testing.T, r *registry.Registry, payload string) api.Methods {
	t.Helper()
	registry.BindMethods(r)
	m, err := r.Find(protocol.Query, "core.methods")
	if err != nil {
		t.Fatal(err)
	}
	in, err := m.Decode(protocol.JSON, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Run(&registry.Call{Context: t.Context()}, in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.(*api.Methods)
}

func text(t *testing.T, v protocol.Value) string {
	t.Helper()
	b, err := v.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMethodsDescribesTheDataOfEvents(t *testing.T) {
	var types []protocol.EventType
	for _, e := range describe(t, registry.New(), `{}`).Events {
		types = append(types, e.Type)
		if schema := text(t, e.DataSchema); !strings.Contains(schema, `"properties"`) {
			t.Errorf("the data of %s is %s", e.Type, schema)
		}
		if e.Help == "" || e.IDs == nil {
			t.Errorf("%s: help %q, ids %v", e.Type, e.Help, e.IDs)
		}
	}
	// In the order of the contract, each once; volumes and devices are not
	// there yet.
	var want []protocol.EventType
	for _, known := range protocol.EventTypes {
		name := string(known)
		if !strings.HasPrefix(name, "Volume") && !strings.HasPrefix(name, "Device") && known != "PairingUpdate" {
			want = append(want, known)
		}
	}
	if !slices.Equal(types, want) {
		t.Errorf("got  %v\nwant %v", types, want)
	}
	if one := describe(t, registry.New(), `{"method":"core.methods"}`); one.Events != nil {
		t.Error("who asks for one operation is told of events")
	}
}

func TestSchemasNameTheWordsAndWhatCanBeNull(t *testing.T) {
	r := registry.New()
	registry.Bind(r, api.JobsList, func(context.Context, api.JobListInput) (api.Jobs, error) { return api.Jobs{}, nil })
	registry.Bind(r, api.LibrariesCurrent, func(context.Context, api.Empty) (api.CurrentLibrary, error) { return api.CurrentLibrary{}, nil })
	for _, m := range describe(t, r, `{}`).Methods {
		in, out := text(t, m.InputSchema), text(t, m.OutputSchema)
		switch m.Name {
		case "jobs.list":
			words := `"enum":["queued","running","paused","completed","failed","cancelled"]`
			if !strings.Contains(in, words) || !strings.Contains(out, words) {
				t.Errorf("the states of a job are missing from %s or %s", in, out)
			}
			if strings.Contains(out, `"null"`) {
				t.Errorf("a list or a job's error is never null: %s", out)
			}
		case "libraries.session.current":
			if !strings.Contains(out, `["null","object"]`) {
				t.Errorf("the library may be null: %s", out)
			}
		}
	}
}
