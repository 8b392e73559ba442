// Package registry binds handlers to the operations that protocol/api
// declares, finds them by name, and describes them.
//
// Registration is explicit: each domain of the daemon has a Register function
// that calls Bind for its operations. An ill-formed or duplicate name panics
// there, at start and in the tests, never at a call; so does Complete for an
// operation that has no handler.
package registry

import (
	"context"
	"fmt"
	"sort"
	"sync/atomic"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Registry holds the operations of one instance. After the last Bind it may be
// used by any number of goroutines.
type Registry struct {
	byName   map[string]*Method // by short and by full name
	describe descriptions
}

// New returns an empty registry.
func New() *Registry { return &Registry{byName: make(map[string]*Method)} }

// A Method is an operation with its handler.
type Method struct {
	protocol.Spec
	// Inline marks a handler that never blocks and takes microseconds. It
	// runs on the goroutine that reads the connection.
	Inline bool
	// Always marks a handler that answers even if its instance cannot be
	// opened.
	Always bool
	// Tally counts its calls.
	Tally Tally
	// Long is true if the newest answer was long, as a guess for the next.
	Long atomic.Bool

	decode func(protocol.Encoding, []byte) (any, error)
	run    func(context.Context, any) (any, error)
}

// paged is implemented by inputs that ask for a page of a list.
type paged interface{ PageLimit() int }

// entryBytes is the encoded size of a list entry with a path of PATH_MAX bytes
// (4096 on Linux) in it twice.
const entryBytes = 8 << 10

// PageBytes returns how many bytes to reserve for the list in the answer to an
// input that Decode returned. It is 0 if the answer has no list, or is encoded
// as soon as the handler returns.
func (m *Method) PageBytes(in any) int {
	p, ok := in.(paged)
	if !ok || m.Inline {
		return 0
	}
	return min(max(p.PageLimit(), 1)*entryBytes, MaxPageBytes)
}

// An Option sets a property of a method.
type Option func(*Method)

// Inline sets Method.Inline.
func Inline(m *Method) { m.Inline = true }

// Always sets Method.Always.
func Always(m *Method) { m.Always = true }

// validator is implemented by inputs with constraints beyond their type.
type validator interface{ Validate() error }

// Complete panics where an operation that the program declares has no handler.
func (r *Registry) Complete() {
	for _, op := range protocol.Declared() {
		if r.byName[op.Name] == nil {
			panic("registry: " + op.Name + " is declared and not bound")
		}
	}
}

// Bind makes h the handler of op in r. It panics where op is ill-formed or
// already has a handler. The context that h gets is a *Call.
func Bind[In, Out any](r *Registry, op protocol.Operation[In, Out], h func(context.Context, In) (Out, error), options ...Option) {
	m := &Method{Spec: op.Spec}
	if err := m.Check(); err != nil {
		panic(fmt.Sprintf("registry: %v", err))
	}
	m.decode = func(enc protocol.Encoding, payload []byte) (any, error) {
		in := new(In)
		if payload != nil {
			if err := enc.UnmarshalStrict(payload, in); err != nil {
				return nil, err
			}
		}
		if v, ok := any(in).(validator); ok {
			if err := v.Validate(); err != nil {
				return nil, err
			}
		}
		return in, nil
	}
	m.run = func(ctx context.Context, in any) (any, error) {
		// Encoders need a pointer, and would copy the value.
		out, err := h(ctx, *in.(*In))
		return &out, err
	}
	for _, option := range options {
		option(m)
	}
	for _, name := range []string{m.Name, m.Method()} {
		if r.byName[name] != nil {
			panic(fmt.Sprintf("registry: the operation %s is bound twice", name))
		}
		r.byName[name] = m
	}
}

// Find returns the method with the given short or full name. It returns an error
// if its kind is not kind.
func (r *Registry) Find(kind protocol.Kind, name string) (*Method, error) {
	m := r.byName[name]
	if m == nil {
		err := protocol.Errorf(protocol.MethodNotFound, "no operation %q", protocol.Clip(name))
		if near := protocol.Nearest(name, r.names()); near != "" {
			return nil, err.WithHint("did you mean %q?", near)
		}
		return nil, err.WithHint("query core.methods lists the operations")
	}
	if m.Kind != kind {
		return nil, protocol.Errorf(protocol.MethodNotFound, "%s is not of type %q", m.Name, kind).
			WithHint("%s is of type %q: send it as one", m.Name, m.Kind)
	}
	return m, nil
}

// Decode decodes and validates an input. It does not retain payload.
func (m *Method) Decode(enc protocol.Encoding, payload []byte) (in any, err error) {
	return m.decode(enc, payload)
}

// Run calls the handler with an input that Decode returned. out is a pointer to
// the output.
func (m *Method) Run(call *Call, in any) (out any, err error) { return m.run(call, in) }

// Methods returns all methods, by name.
func (r *Registry) Methods() []*Method {
	var all []*Method
	for name, m := range r.byName {
		if name == m.Name {
			all = append(all, m)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

func (r *Registry) names() []string {
	var names []string
	for _, m := range r.Methods() {
		names = append(names, m.Name)
	}
	return names
}
