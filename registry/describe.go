package registry

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// descriptions caches the description of every operation.
type descriptions struct {
	once sync.Once
	api.Methods
	err error
}

// BindMethods binds core.methods, which describes the operations in r.
func BindMethods(r *Registry) {
	Bind(r, api.CoreMethods, r.methods, Always)
}

func (r *Registry) methods(_ context.Context, in api.MethodsInput) (api.Methods, error) {
	d := &r.describe
	d.once.Do(func() { d.all(r.Methods()) })
	if d.err != nil || in.Method == "" {
		return d.Methods, d.err
	}
	m := r.byName[in.Method]
	if m == nil {
		err := protocol.Errorf(protocol.NotFound, "no operation %q", protocol.Clip(in.Method)).With("method", protocol.Clip(in.Method))
		if near := protocol.Nearest(in.Method, r.names()); near != "" {
			err.WithHint("did you mean %q?", near)
		}
		return api.Methods{}, err
	}
	i := slices.IndexFunc(d.Methods.Methods, func(described api.Method) bool { return described.Name == m.Name })
	return api.Methods{Methods: d.Methods.Methods[i : i+1]}, nil
}

func (d *descriptions) all(methods []*Method) {
	for _, m := range methods {
		d.Methods.Methods = append(d.Methods.Methods, api.Method{
			Name: m.Name, Method: m.Method(), Kind: m.Kind, Scope: m.Scope, Optional: m.OptionalLibrary, Help: m.Help,
			InputSchema: d.schema(m.Input), OutputSchema: d.schema(m.Output),
		})
	}
	for _, typ := range protocol.EventTypes {
		if spec := typ.Spec(); spec.Data != nil {
			d.Events = append(d.Events, api.EventKind{Type: typ, Help: spec.Help, IDs: spec.IDs.Keys(), DataSchema: d.schema(spec.Data)})
		}
	}
	for _, k := range api.JobKinds {
		d.Jobs = append(d.Jobs, api.JobKind{
			Kind: k.Kind, Help: k.Help, Background: k.Background, InputSchema: d.schema(k.Input), OutputSchema: d.schema(k.Output),
		})
	}
}

// schema returns the schema of t, and keeps the first error.
func (d *descriptions) schema(t reflect.Type) protocol.Value {
	v, err := schema(t)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("schema of %v: %w", t, err)
	}
	return v
}

// schema returns the JSON Schema (draft 2020-12) of a type's JSON form.
func schema(t reflect.Type) (protocol.Value, error) {
	types := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[protocol.ID]():    {Type: "string", Format: "uuid"},
		reflect.TypeFor[time.Time]():      {Type: "string", Format: "date-time"},
		reflect.TypeFor[protocol.Value](): {},

		reflect.TypeFor[protocol.Kind]():      words(protocol.Query, protocol.Action),
		reflect.TypeFor[protocol.Scope]():     words(protocol.Core, protocol.Library),
		reflect.TypeFor[protocol.EventType](): words(protocol.EventTypes...),
		reflect.TypeFor[protocol.Level]():     words(protocol.Levels...),

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
	}
	for enumeration, all := range protocol.Enumerations() {
		types[enumeration] = words(all...)
	}
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: types})
	if err != nil {
		return protocol.Value{}, err
	}
	withoutNull(s, false)
	text, err := protocol.JSON.Marshal(s)
	return protocol.RawValue(protocol.JSON, text), err
}

// words returns the schema of an enumeration.
func words[T ~string](all ...T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, word := range all {
		s.Enum = append(s.Enum, string(word))
	}
	return s
}

// withoutNull removes null from the types in s. Reflection allows it for every
// pointer and slice, but in the protocol an empty list is [] and an absent value
// is left out.
func withoutNull(s *jsonschema.Schema, optional bool) {
	if s == nil {
		return
	}
	if len(s.Types) == 2 && s.Types[0] == "null" && (optional || s.Types[1] == "array") {
		s.Type, s.Types = s.Types[1], nil
	}
	for name, property := range s.Properties {
		withoutNull(property, !slices.Contains(s.Required, name))
	}
	withoutNull(s.Items, false)
	withoutNull(s.AdditionalProperties, false)
}
