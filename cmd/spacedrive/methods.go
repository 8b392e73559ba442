package main

import (
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
	if c.Method != "" && !a.cli.JSON {
		for _, method := range m.Methods {
			if err := a.printMethod(method); err != nil {
				return err
			}
		}
		return nil
	}
	return a.term.show(m, func() { a.printMethods(m.Methods) })
}

func (a *app) printMethods(methods []api.Method) {
	t := newTable("OPERATION", "KIND", "SCOPE", "DOES")
	for _, method := range methods {
		t.add(method.Name, string(method.Kind), string(method.Scope), method.Help)
	}
	t.print(a.term)
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
		a.term.printf("\n%s\n", paint(a.term.color, bold, part.name))
		if err := a.term.printRaw(part.schema, true); err != nil {
			return err
		}
	}
	return nil
}
