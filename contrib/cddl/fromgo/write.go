package fromgo

import (
	"fmt"
	"go/ast"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// A direction says who sends a type. The daemon refuses keys that it does not
// know, and sends more of them one day.
type direction string

const (
	calls   direction = "calls"
	answers direction = "answers"
)

// A writer writes the rules.
type writer struct {
	*reader
	text strings.Builder
	err  error
}

// elsewhere holds the rules of docs/protocol.cddl and its two preludes for
// types that are not declared here.
var elsewhere = map[string]string{
	"ID": "id", "Path": "path",
	"protocol.ID": "id", "protocol.Path": "path", "protocol.Value": "any", "protocol.Error": "failure",
	"protocol.Code": "code", "protocol.Kind": "kind", "protocol.Scope": "scope", "protocol.Level": "level",
	"protocol.EventType": "event-type", "protocol.Filter": "filter",
	"string": "tstr", "bool": "bool", "float64": "number", "any": "any",
	"int": "int", "int64": "int", "uint64": "uint",
}

func (w *writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *writer) operation(op operation) {
	full := "query:" + op.name + ".v1"
	if op.kind == "action" {
		full = "action:" + op.name + ".input.v1"
	}
	kind, note := op.kind, ""
	if op.explicit {
		kind, note = "explicit-"+op.kind, " (with library_id)"
	}
	fmt.Fprintf(&w.text, "; %s%s\n$call /= %s<(%q / %q), %s>\n%s-answer = answer<%s>\n\n",
		op.help, note, kind, op.name, full, w.use(op.in, calls), op.name, w.use(op.out, answers))
}

// use returns the name of a type's rule, and has the rule written.
func (w *writer) use(name string, d direction) string {
	if rule, ok := elsewhere[name]; ok {
		return rule
	}
	w.need(name, d)
	return kebab(name)
}

func (w *writer) need(name string, d direction) {
	was, known := w.written[name]
	switch {
	case w.types[name] == nil:
		w.fail("the type %s is not declared in this package", name)
	case w.values[name] != nil: // an enumeration is the same both ways
		w.written[name] = answers
	case known && was != d:
		w.fail("%s is part of calls and of answers: they differ in what keys may come, so give each a type of its own", name)
	case !known:
		w.written[name] = d
		w.fields(name, d, func(string) {}) // what it needs in turn
	}
}

// rules writes a rule for each type that was used.
func (w *writer) rules() {
	for _, name := range w.typeNames() {
		d, used := w.written[name]
		if !used {
			continue
		}
		for line := range strings.Lines(w.docs[name]) {
			w.text.WriteString("; " + strings.TrimSpace(line) + "\n")
		}
		if values := w.values[name]; values != nil {
			fmt.Fprintf(&w.text, "%s = %s\n\n", kebab(name), strings.Join(values, " / "))
			continue
		}
		fmt.Fprintf(&w.text, "%s = {\n", kebab(name))
		w.fields(name, d, func(line string) { w.text.WriteString("  " + line + "\n") })
		if d == answers {
			w.text.WriteString("  * $$more,\n")
		}
		w.text.WriteString("}\n\n")
	}
}

// fields calls line for each entry of a struct's group.
func (w *writer) fields(name string, d direction, line func(string)) {
	spec := w.types[name]
	if spec == nil {
		w.fail("the type %s is not declared in this package", name)
		return
	}
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		w.fail("the type %s is no struct and has no values", name)
		return
	}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 { // its fields are the outer one's
			w.fields(typeName(f.Type), d, line)
			continue
		}
		tag := reflect.StructTag("")
		if f.Tag != nil {
			tag = reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
		}
		key, options, _ := strings.Cut(tag.Get("json"), ",")
		if key == "" || key == "-" {
			w.fail("%s.%s has no key", name, f.Names[0].Name)
			continue
		}
		omitted := slices.Contains(strings.Split(options, ","), "omitzero")
		text := key + ": " + w.expr(f.Type, d, omitted) + ","
		if omitted {
			text = "? " + text
		}
		if about := tag.Get("jsonschema"); about != "" {
			text += " ; " + about
		}
		line(text)
	}
}

// expr returns the CDDL of a field's type.
func (w *writer) expr(e ast.Expr, d direction, omitted bool) string {
	switch e := e.(type) {
	case *ast.Ident:
		return w.use(e.Name, d)
	case *ast.StarExpr:
		if omitted {
			return w.expr(e.X, d, false)
		}
		return w.expr(e.X, d, false) + " / null"
	case *ast.ArrayType:
		return "[* " + w.expr(e.Elt, d, false) + "]"
	case *ast.MapType:
		return "{ * " + w.expr(e.Key, d, false) + " => " + w.expr(e.Value, d, false) + " }"
	case *ast.SelectorExpr:
		name := typeName(e.X) + "." + e.Sel.Name
		if name == "time.Time" {
			if d == calls {
				return "date-time"
			}
			return "time"
		}
		if rule, ok := elsewhere[name]; ok {
			return rule
		}
		w.fail("no rule for the type %s", name)
		return name
	}
	w.fail("no rule for a %T", e)
	return "any"
}

// kebab writes LocationAddInput as location-add-input.
func kebab(name string) string {
	var b strings.Builder
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
