package cddl

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A mismatch says what does not fit, and where.
type mismatch struct {
	at   []string // keys and indices from the top
	text string
	weak bool // only a constant differs: another alternative was meant
	cut  bool // no other entry may be tried
}

func (m *mismatch) Error() string {
	if len(m.at) == 0 {
		return m.text
	}
	return strings.Join(m.at, ".") + ": " + m.text
}

// further returns the one that fitted further, a where both did as far.
func further(a, b *mismatch) *mismatch {
	switch {
	case a == nil, b.reach() > a.reach(), b.reach() == a.reach() && a.weak && !b.weak:
		return b
	}
	return a
}

func (m *mismatch) reach() int {
	if m.weak {
		return len(m.at) - 1
	}
	return len(m.at)
}

func wrong(at []string, format string, args ...any) *mismatch {
	return &mismatch{at: at, text: fmt.Sprintf(format, args...)}
}

// A scope gives a generic rule's parameters their types, each with the scope
// that it was written in.
type scope map[string]bound

type bound struct {
	typ   node
	scope scope
}

// A matcher compares values with types.
type matcher struct{ schema *Schema }

// typ returns nil where v is of type n.
func (m *matcher) typ(n node, in scope, v any, at []string) *mismatch {
	switch n := n.(type) {
	case *choice:
		var best *mismatch
		for _, of := range n.of {
			bad := m.typ(of, in, v, at)
			if bad == nil {
				return nil
			}
			best = further(best, bad)
		}
		return best
	case constant:
		if !equal(n.value, v) {
			bad := wrong(at, "%s, not %s", show(n.value), show(v))
			bad.weak = true
			return bad
		}
		return nil
	case *interval:
		return m.interval(n, in, v, at)
	case *controlled:
		return m.controlled(n, in, v, at)
	case *reference:
		return m.reference(n, in, v, at)
	case *mapOf:
		if members, ok := v.(object); ok {
			return m.whole(n.group, in, &container{members: members}, at)
		}
		return wrong(at, "a map, not %s", show(v))
	case *arrayOf:
		if elements, ok := v.([]any); ok {
			return m.whole(n.group, in, &container{elements: elements, array: true}, at)
		}
		return wrong(at, "an array, not %s", show(v))
	case *enumeration:
		return m.enumeration(n.group, in, v, at)
	}
	return wrong(at, "a type that no value can have here: %T", n)
}

func (m *matcher) reference(n *reference, in scope, v any, at []string) *mismatch {
	if b, ok := in[n.name]; ok {
		return m.typ(b.typ, b.scope, v, at)
	}
	if r := m.schema.rules[n.name]; r != nil {
		if r.typ == nil {
			return wrong(at, "%s is a group, and no type", n.name)
		}
		return m.typ(r.typ, r.bind(n.args, in), v, at)
	}
	if fits, ok := prelude[n.name]; ok {
		if !fits(v) {
			return wrong(at, "%s, not %s", n.name, show(v))
		}
		return nil
	}
	return wrong(at, "nothing fits the empty socket %s", n.name)
}

// bind returns the scope of r's body where it is used with args.
func (r *rule) bind(args []node, in scope) scope {
	if len(r.params) == 0 {
		return nil
	}
	own := make(scope, len(args))
	for i, p := range r.params {
		own[p] = bound{args[i], in}
	}
	return own
}

// enumeration reports whether v is one of the types in a group.
func (m *matcher) enumeration(g *group, in scope, v any, at []string) *mismatch {
	var best *mismatch
	for _, entries := range g.alternatives {
		for _, e := range entries {
			inner, scope := m.inner(e, in)
			bad := (*mismatch)(nil)
			if inner != nil {
				bad = m.enumeration(inner, scope, v, at)
			} else {
				bad = m.typ(e.typ, in, v, at)
			}
			if bad == nil {
				return nil
			}
			best = further(best, bad)
		}
	}
	if best == nil {
		best = wrong(at, "nothing fits an empty group")
	}
	return best
}

// prelude holds the names that need no rule (RFC 8610, appendix D).
var prelude = map[string]func(any) bool{
	"any":    func(any) bool { return true },
	"uint":   func(v any) bool { i, ok := v.(int64); _, big := v.(uint64); return ok && i >= 0 || big },
	"nint":   func(v any) bool { i, ok := v.(int64); return ok && i < 0 },
	"int":    isInt,
	"bstr":   func(v any) bool { _, ok := v.([]byte); return ok },
	"tstr":   func(v any) bool { _, ok := v.(string); return ok },
	"bool":   func(v any) bool { _, ok := v.(bool); return ok },
	"float":  isFloat,
	"number": func(v any) bool { return isInt(v) || isFloat(v) },
	"true":   func(v any) bool { return v == true },
	"false":  func(v any) bool { return v == false },
	"nil":    func(v any) bool { return v == nil },
}

func init() {
	for other, name := range map[string]string{"bytes": "bstr", "text": "tstr", "null": "nil", "float16": "float", "float32": "float", "float64": "float"} {
		prelude[other] = prelude[name]
	}
}

func isInt(v any) bool {
	switch v.(type) {
	case int64, uint64:
		return true
	}
	return false
}

func isFloat(v any) bool { _, ok := v.(float64); return ok }

func equal(a, b any) bool {
	if a, ok := a.([]byte); ok {
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	}
	switch b.(type) {
	case []byte, []any, object:
		return false
	}
	return a == b
}

// show describes a value in a few words.
func show(v any) string {
	text := ""
	switch v := v.(type) {
	case nil:
		return "null"
	case object:
		var keys []string
		for _, m := range v {
			keys = append(keys, fmt.Sprint(m.key))
		}
		text = "{" + strings.Join(keys, ", ") + "}"
	case []any:
		return fmt.Sprintf("an array of %d", len(v))
	case []byte:
		text = fmt.Sprintf("h'%x'", v)
	case string:
		text = fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
	if len(text) > 100 {
		text = strings.ToValidUTF8(text[:100], "") + "…"
	}
	return text
}

// undefined returns an error for each name that is used and that nothing has.
func (s *Schema) undefined() []error {
	var errs []error
	for _, name := range s.Rules() {
		r := s.rules[name]
		visit(r.typ, r.group, func(ref *reference) {
			used := s.rules[ref.name]
			switch {
			case slices.Contains(r.params, ref.name) || strings.HasPrefix(ref.name, "$") && used == nil:
			case used == nil && prelude[ref.name] == nil:
				errs = append(errs, fmt.Errorf("line %d: no rule %s", ref.line, ref.name))
			case used != nil && len(used.params) != len(ref.args):
				errs = append(errs, fmt.Errorf("line %d: %s takes %d types", ref.line, ref.name, len(used.params)))
			}
		})
	}
	return errs
}

// visit calls f for each reference in a type or a group.
func visit(n node, g *group, f func(*reference)) {
	switch n := n.(type) {
	case *choice:
		for _, of := range n.of {
			visit(of, nil, f)
		}
	case *interval:
		visit(n.low, nil, f)
		visit(n.high, nil, f)
	case *controlled:
		visit(n.target, nil, f)
		visit(n.argument, nil, f)
	case *reference:
		f(n)
		for _, arg := range n.args {
			visit(arg, nil, f)
		}
	case *mapOf:
		g = n.group
	case *arrayOf:
		g = n.group
	case *enumeration:
		g = n.group
	case *unwrapped:
		visit(n.reference, nil, f)
	}
	if g == nil {
		return
	}
	for _, entries := range g.alternatives {
		for _, e := range entries {
			visit(e.key, nil, f)
			visit(e.typ, e.inner, f)
		}
	}
}
