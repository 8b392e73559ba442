package protocol

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A Kind says whether an operation reads or changes.
type Kind string

// The kinds of operation.
const (
	Query  Kind = "query"  // reads; safe to repeat
	Action Kind = "action" // changes
)

// A Scope says whether an operation works on the instance or in a library.
type Scope string

// The scopes of operation.
const (
	Core    Scope = "core"
	Library Scope = "library"
)

// A Spec describes an operation apart from its Go types.
type Spec struct {
	Name  string // "libraries.create"
	Kind  Kind
	Scope Scope
	Help  string // one line
	// ExplicitLibrary marks a library operation that never falls back to
	// the connection's current library or to the only one.
	ExplicitLibrary bool
	// OptionalLibrary marks a core operation that works in one library where
	// library_id is given, and in the whole instance where it is not.
	OptionalLibrary bool
	Input, Output   reflect.Type
}

// An Operation is a declared operation with the types of its input and output.
// The server binds a handler to it (registry.Bind), the client calls it
// (client.Call); a wrong type on either side does not compile.
type Operation[In, Out any] struct{ Spec }

// CoreQuery declares a query on the instance.
func CoreQuery[In, Out any](name, help string) Operation[In, Out] {
	return declare[In, Out](name, Query, Core, help)
}

// CoreAction declares an action on the instance.
func CoreAction[In, Out any](name, help string) Operation[In, Out] {
	return declare[In, Out](name, Action, Core, help)
}

// LibraryQuery declares a query in a library.
func LibraryQuery[In, Out any](name, help string) Operation[In, Out] {
	return declare[In, Out](name, Query, Library, help)
}

// LibraryAction declares an action in a library.
func LibraryAction[In, Out any](name, help string) Operation[In, Out] {
	return declare[In, Out](name, Action, Library, help)
}

func declare[In, Out any](name string, kind Kind, scope Scope, help string) Operation[In, Out] {
	op := Operation[In, Out]{Spec{
		Name: name, Kind: kind, Scope: scope, Help: help,
		Input: reflect.TypeFor[In](), Output: reflect.TypeFor[Out](),
	}}
	declared = append(declared, op.Spec)
	return op
}

// declared is written while packages are initialized, one after the other.
var declared []Spec

// Declared returns every operation that this program declares, without what
// methods such as Explicit set.
func Declared() []Spec { return slices.Clone(declared) }

// Explicit returns op as one whose library_id must be given.
func (op Operation[In, Out]) Explicit() Operation[In, Out] {
	op.ExplicitLibrary = true
	return op
}

// Optional returns op, of scope core, as one that may be given a library_id.
func (op Operation[In, Out]) Optional() Operation[In, Out] {
	op.OptionalLibrary = true
	return op
}

// Method returns the operation's full name on the wire, such as
// "query:libraries.list.v1" or "action:files.copy.input.v1".
func (s *Spec) Method() string {
	if s.Kind == Action {
		return "action:" + s.Name + ".input.v1"
	}
	return "query:" + s.Name + ".v1"
}

// operationName is compiled where an operation is checked first: clients, which
// start often, check none.
var operationName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)
})

// Check reports what is ill-formed in s.
func (s *Spec) Check() error {
	switch {
	case !operationName().MatchString(s.Name):
		return fmt.Errorf("operation name %q is not lower-case words joined by dots", s.Name)
	case s.Kind != Query && s.Kind != Action:
		return fmt.Errorf("operation %s: no kind %q", s.Name, s.Kind)
	case s.Scope != Core && s.Scope != Library:
		return fmt.Errorf("operation %s: no scope %q", s.Name, s.Scope)
	case strings.TrimSpace(s.Help) == "" || strings.Contains(s.Help, "\n"):
		return fmt.Errorf("operation %s: its help must be one line", s.Name)
	}
	return nil
}
