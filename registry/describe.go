package registry

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// descriptions are made on first use and kept.
type descriptions struct {
	once sync.Once
	all  []api.Method
	err  error
}

// BindMethods binds core.methods, which describes the operations in r.
func BindMethods(r *Registry) {
	Bind(r, api.CoreMethods, r.methods, Always)
}

func (r *Registry) methods(_ context.Context, in api.MethodsInput) (api.Methods, error) {
	r.describe.once.Do(func() { r.describe.all, r.describe.err = describeAll(r.Methods()) })
	if r.describe.err != nil || in.Method == "" {
		return api.Methods{Methods: r.describe.all}, r.describe.err
	}
	m := r.byName[in.Method]
	if m == nil {
		err := protocol.Errorf(protocol.NotFound, "no operation %q", clip(in.Method)).With("method", clip(in.Method))
		if near := Nearest(in.Method, r.names()); near != "" {
			err.WithHint("did you mean %q?", near)
		}
		return api.Methods{}, err
	}
	for _, d := range r.describe.all {
		if d.Name == m.Name {
			return api.Methods{Methods: []api.Method{d}}, nil
		}
	}
	panic("registry: " + m.Name + " is bound and not described")
}

func describeAll(methods []*Method) ([]api.Method, error) {
	all := make([]api.Method, len(methods))
	for i, m := range methods {
		in, err := schema(m.Input)
		if err != nil {
			return nil, fmt.Errorf("input of %s: %w", m.Name, err)
		}
		out, err := schema(m.Output)
		if err != nil {
			return nil, fmt.Errorf("output of %s: %w", m.Name, err)
		}
		all[i] = api.Method{
			Name: m.Name, Method: m.Method(), Kind: m.Kind, Scope: m.Scope, Help: m.Help,
			InputSchema: in, OutputSchema: out,
		}
	}
	return all, nil
}

// schema returns the JSON Schema (draft 2020-12) of a type's JSON form.
func schema(t reflect.Type) (protocol.Value, error) {
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[protocol.ID]():    {Type: "string", Format: "uuid"},
		reflect.TypeFor[time.Time]():      {Type: "string", Format: "date-time"},
		reflect.TypeFor[protocol.Value](): {},
		reflect.TypeFor[protocol.Path](): {
			AnyOf: []*jsonschema.Schema{
				{Type: "string"},
				{
					Type:                 "object",
					Properties:           map[string]*jsonschema.Schema{"b64": {Type: "string", ContentEncoding: "base64"}},
					Required:             []string{"b64"},
					AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
				},
			},
			Description: "a file's name: text, or base64 of its bytes where they are not UTF-8",
		},
	}})
	if err != nil {
		return protocol.Value{}, err
	}
	text, err := protocol.JSON.Marshal(s)
	return protocol.RawValue(protocol.JSON, text), err
}
