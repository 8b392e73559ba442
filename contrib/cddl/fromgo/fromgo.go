// Package fromgo writes the operations that protocol/api declares as rules in
// CDDL, so that they stay declared once. It reads Go source: names, types,
// the values of enumerations, and what the comments say of them.
//
// Operations is all there is. docs/operations.cddl is what it returns for this
// repository, and a test there keeps it so.
package fromgo

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Operations returns the rules for the package in the folder: for each
// operation one of its call and one of its answer, and one for each type that
// these and the data of events need.
func Operations(dir string) (string, error) {
	r := reader{
		types: make(map[string]*ast.TypeSpec), docs: make(map[string]string),
		values: make(map[string][]string), written: make(map[string]direction),
	}
	if err := r.read(dir); err != nil {
		return "", err
	}
	w := writer{reader: &r}
	for _, op := range r.operations {
		w.operation(op)
	}
	for _, name := range r.typeNames() {
		if strings.HasSuffix(name, "Event") || strings.HasSuffix(name, "Output") {
			w.need(name, answers)
		}
	}
	w.rules()
	return w.text.String(), w.err
}

// A reader holds what the source declares.
type reader struct {
	types      map[string]*ast.TypeSpec
	docs       map[string]string
	values     map[string][]string // of an enumeration, in order
	operations []operation
	written    map[string]direction
}

// An operation is one declaration such as
//
//	protocol.LibraryAction[In, Out]("a.b", "Help").Explicit()
type operation struct {
	name, help, in, out string
	kind                string // query or action
	explicit            bool
}

func (r *reader) read(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("no Go files in %s: %w", dir, err)
	}
	fset := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok {
				r.declaration(gen)
			}
		}
	}
	slices.SortFunc(r.operations, func(a, b operation) int { return strings.Compare(a.name, b.name) })
	return nil
}

func (r *reader) declaration(gen *ast.GenDecl) {
	for _, spec := range gen.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = gen.Doc
			}
			r.types[spec.Name.Name] = spec
			r.docs[spec.Name.Name] = strings.TrimSpace(doc.Text())
		case *ast.ValueSpec:
			for i, value := range spec.Values {
				r.value(gen.Tok, spec, spec.Names[i].Name, value)
			}
		}
	}
}

func (r *reader) value(tok token.Token, spec *ast.ValueSpec, name string, value ast.Expr) {
	if text, ok := value.(*ast.BasicLit); ok && tok == token.CONST && text.Kind == token.STRING {
		if enum, ok := spec.Type.(*ast.Ident); ok {
			r.values[enum.Name] = append(r.values[enum.Name], text.Value)
		}
		return
	}
	if op, ok := asOperation(value); ok {
		r.operations = append(r.operations, op)
	}
}

func asOperation(e ast.Expr) (op operation, ok bool) {
	call, isCall := e.(*ast.CallExpr)
	if !isCall {
		return op, false
	}
	if method, ok := call.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Explicit" {
		op, ok := asOperation(method.X)
		op.explicit = true
		return op, ok
	}
	index, isIndex := call.Fun.(*ast.IndexListExpr)
	if !isIndex || len(call.Args) != 2 {
		return op, false
	}
	declare, isSelector := index.X.(*ast.SelectorExpr)
	if !isSelector {
		return op, false
	}
	op.kind = "query"
	if strings.HasSuffix(declare.Sel.Name, "Action") {
		op.kind = "action"
	}
	op.in, op.out = typeName(index.Indices[0]), typeName(index.Indices[1])
	op.name, op.help = unquoted(call.Args[0]), unquoted(call.Args[1])
	return op, op.name != ""
}

func unquoted(e ast.Expr) string {
	text, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, _ := strconv.Unquote(text.Value)
	return s
}

func typeName(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func (r *reader) typeNames() []string {
	var names []string
	for name := range r.types {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
