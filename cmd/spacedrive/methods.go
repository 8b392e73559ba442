package main

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

var _ = register[methodsCmd]("methods", groupScript)

type methodsCmd struct {
	Method string `arg:"" optional:"" help:"Operation to describe, with its input and output schemas." complete:"methods"`
}

func (c *methodsCmd) Run(a *app) error {
	a.wireJSON = true // a schema's keys keep their order
	m, err := invoke(a, api.CoreMethods, api.MethodsInput{Method: c.Method})
	if err != nil {
		return err
	}
	if a.cli.JSON {
		return a.term.printJSON(m)
	}
	if c.Method != "" {
		for _, method := range m.Methods {
			if err := a.printMethod(method); err != nil {
				return err
			}
		}
		return nil
	}
	t := newTable("OPERATION", "KIND", "SCOPE", "DOES")
	for _, method := range m.Methods {
		t.add(method.Name, string(method.Kind), string(method.Scope), method.Help)
	}
	t.print(a.term)
	return nil
}

func (a *app) printMethod(m api.Method) error {
	var l list
	l.add("operation", m.Name)
	l.add("full name", m.Method)
	l.add("kind", string(m.Kind))
	l.add("scope", string(m.Scope))
	l.add("does", m.Help)
	l.print(a.term)
	for _, part := range []struct {
		name   string
		schema protocol.Value
	}{{"input", m.InputSchema}, {"output", m.OutputSchema}} {
		b, err := part.schema.JSON()
		if err != nil {
			return err
		}
		text := append(jsontext.Value(nil), b...)
		if err := text.Indent(jsontext.WithIndent("  ")); err != nil {
			return err
		}
		a.term.printf("\n%s\n", paint(a.term.color, bold, part.name))
		a.term.writeJSON(text)
	}
	return nil
}
