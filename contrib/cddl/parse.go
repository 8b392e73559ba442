package cddl

import (
	"fmt"
	"slices"
)

// A node is a type: *choice, constant, *interval, *controlled, *reference,
// *mapOf, *arrayOf, *enumeration, *unwrapped.
type node any

type (
	choice   struct{ of []node }
	constant struct{ value any }
	interval struct {
		low, high node
		open      bool
	} // open: without high
	controlled struct {
		target   node
		operator string
		argument node
	}
	reference struct {
		name string
		args []node
		line int
	}
	mapOf       struct{ *group }
	arrayOf     struct{ *group }
	enumeration struct{ *group }     // &( … ): any of the group's types
	unwrapped   struct{ *reference } // ~name: the group of a map or an array
)

// A group is a choice of sequences of entries.
type group struct{ alternatives [][]*entry }

// An entry of a group is a member of a map, an element of an array, or a group.
type entry struct {
	min, max int
	key      node // nil: none
	cut      bool // where the key fits, no later entry may take the member
	typ      node // nil where inner is set
	inner    *group
}

const unbounded = int(^uint(0) >> 1)

type parser struct {
	schema *Schema
	tokens []token
	pos    int
}

func (p *parser) parse(text string) (err error) {
	if p.tokens, err = lex(text); err != nil {
		return err
	}
	for p.peek().kind != end {
		if err := p.rule(); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != end {
		p.pos++
	}
	return t
}

func (p *parser) is(m string) bool { t := p.peek(); return t.kind == mark && t.text == m }

func (p *parser) take(m string) bool {
	if p.is(m) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) fail(want string) error {
	return fmt.Errorf("line %d: %s expected, not %v", p.peek().line, want, p.peek())
}

func (p *parser) expect(m string) error {
	if !p.take(m) {
		return p.fail(m)
	}
	return nil
}

// rule parses NAME<PARAMS> = TYPE-OR-GROUP, and the forms that add to a rule.
func (p *parser) rule() error {
	t := p.next()
	if t.kind != name {
		p.pos--
		return p.fail("a rule")
	}
	r := &rule{name: t.text, line: t.line}
	if p.take("<") {
		for {
			r.params = append(r.params, p.next().text)
			if !p.take(",") {
				break
			}
		}
		if err := p.expect(">"); err != nil {
			return err
		}
	}
	assign := p.next()
	var err error
	switch {
	case assign.text == "=" || assign.text == "/=":
		err = p.ruleBody(r)
	case assign.text == "//=":
		r.group = &group{}
		var e *entry
		if e, err = p.entry(); err == nil {
			r.group.alternatives = [][]*entry{{e}}
		}
	default:
		return fmt.Errorf("line %d: = expected after %s, not %v", t.line, t.text, assign)
	}
	if err != nil {
		return err
	}
	return p.schema.add(r, assign.text)
}

func (p *parser) ruleBody(r *rule) error {
	start := p.pos
	typ, err := p.typ()
	if err == nil && !p.is(":") && !p.is("=>") && !p.is("^") {
		r.typ = typ
		return nil
	}
	p.pos = start
	e, groupErr := p.entry()
	if groupErr != nil {
		if err != nil {
			return err
		}
		return groupErr
	}
	r.group = &group{[][]*entry{{e}}}
	return nil
}

// add adds a rule, or further alternatives to one.
func (s *Schema) add(r *rule, assign string) error {
	old := s.rules[r.name]
	switch {
	case old == nil:
		s.rules[r.name] = r
		return nil
	case assign == "=":
		return fmt.Errorf("line %d: the rule %s is given twice", r.line, r.name)
	case !slices.Equal(old.params, r.params) || (old.typ == nil) != (r.typ == nil):
		return fmt.Errorf("line %d: the rule %s is of another kind elsewhere", r.line, r.name)
	case r.typ != nil:
		old.typ = &choice{[]node{old.typ, r.typ}}
	default:
		old.group.alternatives = append(old.group.alternatives, r.group.alternatives...)
	}
	return nil
}

// typ parses alternatives: A / B.
func (p *parser) typ() (node, error) {
	first, err := p.oneType()
	if err != nil || !p.is("/") {
		return first, err
	}
	c := &choice{[]node{first}}
	for p.take("/") {
		n, err := p.oneType()
		if err != nil {
			return nil, err
		}
		c.of = append(c.of, n)
	}
	return c, nil
}

// oneType parses a type with its range or control.
func (p *parser) oneType() (node, error) {
	n, err := p.plainType()
	if err != nil {
		return nil, err
	}
	switch t := p.peek(); {
	case p.is("..") || p.is("..."):
		p.next()
		high, err := p.plainType()
		return &interval{n, high, t.text == "..."}, err
	case t.kind == control:
		p.next()
		if !slices.Contains(controls, t.text) {
			return nil, fmt.Errorf("line %d: no control .%s", t.line, t.text)
		}
		argument, err := p.plainType()
		return &controlled{n, t.text, argument}, err
	}
	return n, nil
}

func (p *parser) plainType() (node, error) {
	t := p.next()
	switch {
	case t.kind == literal:
		return constant{t.value}, nil
	case t.kind == name:
		return p.reference(t)
	case t.text == "(":
		n, err := p.typ()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	case t.text == "{":
		g, err := p.group("}")
		return &mapOf{g}, err
	case t.text == "[":
		g, err := p.group("]")
		return &arrayOf{g}, err
	case t.text == "~":
		n, err := p.reference(p.next())
		return &unwrapped{n}, err
	case t.text == "&":
		if p.take("(") {
			g, err := p.group(")")
			return &enumeration{g}, err
		}
		n, err := p.reference(p.next())
		return &enumeration{&group{[][]*entry{{{min: 1, max: 1, typ: n}}}}}, err
	}
	p.pos--
	return nil, p.fail("a type")
}

func (p *parser) reference(t token) (*reference, error) {
	r := &reference{name: t.text, line: t.line}
	if t.kind != name {
		return r, fmt.Errorf("line %d: a name expected, not %v", t.line, t)
	}
	if p.is("<") && !p.peek().space {
		p.next()
		for {
			n, err := p.oneType()
			if err != nil {
				return nil, err
			}
			r.args = append(r.args, n)
			if !p.take(",") {
				break
			}
		}
		return r, p.expect(">")
	}
	return r, nil
}

// group parses alternatives of entries up to the closing mark.
func (p *parser) group(closing string) (*group, error) {
	g := &group{[][]*entry{nil}}
	for !p.take(closing) {
		if p.take("//") {
			g.alternatives = append(g.alternatives, nil)
			continue
		}
		e, err := p.entry()
		if err != nil {
			return nil, err
		}
		last := len(g.alternatives) - 1
		g.alternatives[last] = append(g.alternatives[last], e)
		p.take(",")
	}
	return g, nil
}

func (p *parser) entry() (*entry, error) {
	e := &entry{min: 1, max: 1}
	p.occurrence(e)
	if t, after := p.peek(), p.after(1); (t.kind == name || t.kind == literal) && after.kind == mark && after.text == ":" {
		p.pos += 2
		e.cut = true
		if e.key = (constant{t.value}); t.kind == name {
			e.key = constant{t.text}
		}
		typ, err := p.typ()
		e.typ = typ
		return e, err
	}
	start := p.pos
	typ, err := p.typ()
	if err == nil {
		e.cut = p.take("^")
		switch {
		case p.take("=>"):
			e.key = typ
			e.typ, err = p.typ()
		case e.cut:
			err = p.fail("=>")
		default:
			e.typ = typ
		}
		return e, err
	}
	p.pos = start
	if !p.take("(") {
		return nil, err
	}
	e.inner, err = p.group(")")
	return e, err
}

func (p *parser) after(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

// occurrence parses ?, *, +, or N*M.
func (p *parser) occurrence(e *entry) {
	number := func() (int, bool) {
		i, ok := p.peek().value.(int64)
		return int(i), ok && i >= 0
	}
	switch {
	case p.take("?"):
		e.min = 0
	case p.take("+"):
		e.max = unbounded
	case p.is("*") || p.after(1).kind == mark && p.after(1).text == "*" && !p.after(1).space:
		e.min, e.max = 0, unbounded
		if low, ok := number(); ok {
			e.min = low
			p.next()
		}
		p.next() // *
		if high, ok := number(); ok && !p.peek().space {
			e.max = high
			p.next()
		}
	}
}
