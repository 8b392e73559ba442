package cddl

import (
	"math"
	"regexp"
)

// controls are the operators that are known (RFC 8610, section 3.8).
var controls = []string{"size", "regexp", "cbor", "and", "within", "lt", "le", "gt", "ge", "eq", "ne", "default"}

func (m *matcher) interval(n *interval, in scope, v any, at []string) *mismatch {
	low, lowOK := m.limit(n.low, in)
	high, highOK := m.limit(n.high, in)
	if !lowOK || !highOK {
		return wrong(at, "a range whose ends are no numbers")
	}
	_, ofFloats := low.(float64)
	if isFloat(v) != ofFloats || !isInt(v) && !isFloat(v) || compare(v, low) < 0 || compare(v, high) > 0 || n.open && compare(v, high) == 0 {
		return wrong(at, "from %v to %v, not %s", low, high, show(v))
	}
	return nil
}

// limit returns the number that a constant, or a name of one, is.
func (m *matcher) limit(n node, in scope) (any, bool) {
	switch n := n.(type) {
	case constant:
		return n.value, isInt(n.value) || isFloat(n.value)
	case *reference:
		if b, ok := in[n.name]; ok {
			return m.limit(b.typ, b.scope)
		}
		if r := m.schema.rules[n.name]; r != nil && r.typ != nil {
			return m.limit(r.typ, r.bind(n.args, in))
		}
	}
	return nil, false
}

// compare compares numbers. Integers that are far apart stay so as floats.
func compare(a, b any) int {
	if a, ok := a.(int64); ok {
		if b, ok := b.(int64); ok {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
	}
	switch a, b := float(a), float(b); {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func float(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

func (m *matcher) controlled(n *controlled, in scope, v any, at []string) *mismatch {
	if bad := m.typ(n.target, in, v, at); bad != nil {
		return bad
	}
	fits := false
	limit, _ := m.limit(n.argument, in)
	switch n.operator {
	case "default":
		return nil
	case "and", "within":
		return m.typ(n.argument, in, v, at)
	case "eq":
		return m.typ(n.argument, in, v, at)
	case "ne":
		fits = m.typ(n.argument, in, v, at) != nil
	case "lt":
		fits = compare(v, limit) < 0
	case "le":
		fits = compare(v, limit) <= 0
	case "gt":
		fits = compare(v, limit) > 0
	case "ge":
		fits = compare(v, limit) >= 0
	case "size":
		return m.size(n, in, v, at)
	case "regexp":
		pattern, _ := n.argument.(constant)
		text, _ := pattern.value.(string)
		re, err := regexp.Compile("^(?:" + text + ")$")
		if err != nil {
			return wrong(at, "%v", err)
		}
		s, ok := v.(string)
		fits = ok && re.MatchString(s)
	case "cbor":
		item, _ := v.([]byte)
		inner, err := CBOR(item)
		if err != nil {
			return wrong(at, "%v", err)
		}
		return m.typ(n.argument, in, inner, below(at, "(CBOR)"))
	}
	if !fits {
		return wrong(at, "%s does not fit .%s", show(v), n.operator)
	}
	return nil
}

// size checks the length of a text or of bytes, or how many bytes a number
// needs.
func (m *matcher) size(n *controlled, in scope, v any, at []string) *mismatch {
	switch v := v.(type) {
	case string:
		return m.typ(n.argument, in, int64(len(v)), below(at, "(size)"))
	case []byte:
		return m.typ(n.argument, in, int64(len(v)), below(at, "(size)"))
	case int64:
		bytes, ok := m.limit(n.argument, in)
		if width, isInt := bytes.(int64); ok && isInt && v >= 0 && (width >= 8 || v>>(8*width) == 0) {
			return nil
		}
	}
	return wrong(at, "%s is not of that size", show(v))
}
