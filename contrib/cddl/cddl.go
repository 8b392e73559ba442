// Package cddl checks JSON and CBOR against a schema in CDDL (RFC 8610), so
// that tests can hold docs/protocol.cddl against what crosses the socket. No
// maintained implementation in Go is to be had.
//
// Parse a schema, decode a message with JSON or CBOR, and give both to
// Schema.Check:
//
//	schema, err := cddl.Parse(text)
//	value, err := cddl.JSON(line)
//	err = schema.Check("message", value)
//
// What the RFC has is here but for tags and other forms with #, the control
// .bits, and the part of the prelude that is made of tags. Where the RFC lets
// an occurrence take as much as fits and never give back, so does this; of
// the alternatives of a group, one that leads to a match is found, though an
// earlier one fitted at first.
package cddl

import (
	"errors"
	"fmt"
	"slices"
)

// A Schema is a set of rules.
type Schema struct{ rules map[string]*rule }

// A rule gives a name to a type or a group.
type rule struct {
	name   string
	params []string // of a generic rule
	typ    node     // nil for a group
	group  *group
	line   int
}

// Parse parses the texts as one schema. It is an error where a rule is given
// twice, or uses a name that no rule has, unless that is a socket ($name,
// $$name), which may be left empty.
func Parse(texts ...string) (*Schema, error) {
	s := &Schema{rules: make(map[string]*rule)}
	for _, text := range texts {
		p := parser{schema: s}
		if err := p.parse(text); err != nil {
			return nil, err
		}
	}
	return s, errors.Join(s.undefined()...)
}

// Rules returns the names of all rules.
func (s *Schema) Rules() []string {
	var names []string
	for name := range s.rules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Check returns nil where value, as JSON or CBOR returned it, is what the rule
// describes, else what is wrong and where. Of several alternatives it speaks
// of the one that fitted furthest.
func (s *Schema) Check(rule string, value any) error {
	r := s.rules[rule]
	if r == nil || r.typ == nil || r.params != nil {
		return fmt.Errorf("no rule %q for a type", rule)
	}
	m := matcher{schema: s}
	if bad := m.typ(r.typ, nil, value, nil); bad != nil {
		return fmt.Errorf("%s: %w", rule, bad)
	}
	return nil
}
