package main

import (
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

var _ = register[callCmd]("call", groupScript)

type callCmd struct {
	Method  string `arg:"" help:"Operation, such as core.status or query:libraries.list.v1." complete:"methods"`
	Payload string `arg:"" optional:"" help:"Its input as JSON, or - to read it from stdin (default: {})." name:"json|-"`
}

func (c *callCmd) Run(a *app) error {
	payload, err := c.payload(a.term.in)
	if err != nil {
		return err
	}
	a.wireJSON = true
	conn, err := a.connect()
	if err != nil {
		return err
	}
	method, err := a.describe(c.Method)
	if err != nil {
		return err
	}
	lib, err := a.libraryOf(method.Scope, method.Optional)
	if err != nil {
		return err
	}
	result, err := conn.Raw(a.ctx, method.Kind, c.Method, payload, client.InLibrary(lib), client.WithTrace(a.traceID()))
	if wire := protocol.AsError(err); err != nil && wire.Hint == "" && (wire.Code == protocol.Deserialization || wire.Code == protocol.Validation) {
		return wire.WithHint("spacedrive methods %s shows what it takes", c.Method)
	}
	if err != nil {
		return err
	}
	return a.term.printRaw(result, a.term.outTTY && !a.cli.JSON)
}

// payload returns the input, compact: a JSON message takes one line.
func (c *callCmd) payload(stdin io.Reader) ([]byte, error) {
	text := jsontext.Value(c.Payload)
	if c.Payload == "-" {
		var err error
		if text, err = io.ReadAll(io.LimitReader(stdin, protocol.MaxFrame+1)); err != nil {
			return nil, err
		}
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil, nil
	}
	if err := text.Compact(); err != nil {
		return nil, usage("the input is not JSON: %w", err)
	}
	return text, nil
}

// describe asks the daemon what an operation is.
func (a *app) describe(method string) (api.Method, error) {
	methods, err := invoke(a, api.CoreMethods, api.MethodsInput{Method: method})
	if err != nil {
		return api.Method{}, err
	}
	if len(methods.Methods) != 1 {
		return api.Method{}, protocol.Errorf(protocol.NotFound, "no operation %q", method).WithHint("spacedrive methods lists them")
	}
	return methods.Methods[0], nil
}

// printRaw prints a value as JSON, on one line if it is not to be indented.
func (t *terminal) printRaw(v protocol.Value, indented bool) error {
	text := jsontext.Value("null")
	if !v.IsZero() {
		b, err := v.JSON()
		if err != nil {
			return err
		}
		text = append(jsontext.Value(nil), b...)
	}
	if indented {
		if err := text.Indent(jsontext.WithIndent("  ")); err != nil {
			return err
		}
	}
	t.writeJSON(text)
	return nil
}
