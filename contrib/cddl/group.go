package cddl

import (
	"fmt"
	"slices"
)

// A container is a map or an array whose parts are matched with a group.
type container struct {
	array    bool
	elements []any
	members  object
}

// A place says what of a container has been taken: an array's first elements,
// or some members of a map.
type place struct {
	elements int
	members  []bool
}

// whole returns nil where the group takes all of the container.
func (m *matcher) whole(g *group, in scope, c *container, at []string) *mismatch {
	return m.group(g, in, c, place{members: make([]bool, len(c.members))}, at, func(p place) *mismatch {
		if c.array && p.elements < len(c.elements) {
			return wrong(at, "%d elements, not %d", p.elements, len(c.elements))
		}
		if i := slices.Index(p.members, false); i >= 0 {
			return wrong(at, "no key %s", show(c.members[i].key))
		}
		return nil
	})
}

// group matches one of the group's alternatives and goes on with then.
func (m *matcher) group(g *group, in scope, c *container, p place, at []string, then func(place) *mismatch) *mismatch {
	var best *mismatch
	for _, entries := range g.alternatives {
		bad := m.entries(entries, in, c, p, at, then)
		if bad == nil {
			return nil
		}
		best = further(best, bad)
	}
	if best == nil {
		best = wrong(at, "nothing fits an empty group")
	}
	return best
}

func (m *matcher) entries(entries []*entry, in scope, c *container, p place, at []string, then func(place) *mismatch) *mismatch {
	if len(entries) == 0 {
		return then(p)
	}
	e := entries[0]
	rest := func(p place) *mismatch { return m.entries(entries[1:], in, c, p, at, then) }
	inner, innerScope := m.inner(e, in)
	if inner != nil && e.min == 1 && e.max == 1 {
		return m.group(inner, innerScope, c, p, at, rest)
	}
	for n := 0; n < e.max; n++ {
		var after place
		var bad *mismatch
		if inner != nil {
			bad = m.group(inner, innerScope, c, p, at, func(p place) *mismatch { after = p; return nil })
		} else {
			after, bad = m.one(e, in, c, p, at)
		}
		if bad != nil && (n < e.min || bad.cut) {
			return bad
		}
		if bad != nil || n >= e.min && !after.beyond(p) {
			break
		}
		p = after
	}
	return rest(p)
}

func (p place) beyond(before place) bool {
	return p.elements > before.elements || !slices.Equal(p.members, before.members)
}

// inner returns the group that an entry stands for: one in parentheses, one
// with a name, or what ~ takes out of a map or an array.
func (m *matcher) inner(e *entry, in scope) (*group, scope) {
	if e.inner != nil {
		return e.inner, in
	}
	if e.key != nil {
		return nil, nil
	}
	switch n := e.typ.(type) {
	case *reference:
		if _, ok := in[n.name]; ok {
			return nil, nil
		}
		r := m.schema.rules[n.name]
		switch {
		case r == nil && len(n.name) > 1 && n.name[:2] == "$$":
			return &group{}, nil
		case r != nil && r.typ == nil:
			return r.group, r.bind(n.args, in)
		}
	case *unwrapped:
		if r := m.schema.rules[n.name]; r != nil {
			switch of := r.typ.(type) {
			case *mapOf:
				return of.group, r.bind(n.args, in)
			case *arrayOf:
				return of.group, r.bind(n.args, in)
			}
		}
	}
	return nil, nil
}

// one takes one element, or one member, that fits e.
func (m *matcher) one(e *entry, in scope, c *container, p place, at []string) (place, *mismatch) {
	if c.array {
		if p.elements >= len(c.elements) {
			return p, wrong(at, "more than %d elements", len(c.elements))
		}
		bad := m.typ(e.typ, in, c.elements[p.elements], below(at, fmt.Sprint(p.elements)))
		return place{elements: p.elements + 1}, bad
	}
	if e.key == nil {
		return p, wrong(at, "a map's entry without a key")
	}
	var best *mismatch
	for i, member := range c.members {
		if p.members[i] || m.typ(e.key, in, member.key, at) != nil {
			continue
		}
		bad := m.typ(e.typ, in, member.value, below(at, fmt.Sprint(member.key)))
		if bad == nil {
			taken := slices.Clone(p.members)
			taken[i] = true
			return place{members: taken}, nil
		}
		best = further(best, bad)
		if e.cut {
			committed := *best
			committed.cut = true
			return p, &committed
		}
	}
	if best == nil {
		best = wrong(at, "the key %s is missing", keyName(e.key))
	}
	return p, best
}

func keyName(key node) string {
	if c, ok := key.(constant); ok {
		return show(c.value)
	}
	return "of a member"
}

func below(at []string, key string) []string { return append(slices.Clone(at), key) }
