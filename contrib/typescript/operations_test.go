package typescript

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

//go:generate go test -run ^TestOperationsAreGenerated$ . -update

var update = flag.Bool("update", false, "write src/operations.ts")

func TestOperationsAreGenerated(t *testing.T) {
	const file = "src/operations.ts"
	got := operations(t)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what core.methods answers: run go generate ./...", file)
	}
}

const operationsHead = `// Generated from core.methods by go generate. DO NOT EDIT.

/** A UUID in lower case. */
export type ID = string;

/** A time: RFC 3339, in UTC, up to nanoseconds. ''new Date(time)'' keeps milliseconds of it. */
export type Time = string;

/** A file's name: text, or base64 of its bytes where they are not UTF-8. See pathBytes. */
export type Path = string | { b64: string };

/** One of some words; a later daemon may know more. */
export type Open<T extends string> = T | (string & {});

/** Every operation, by its short name. */
export interface Operations {
`

// operations asks a daemon which operations and events it has, and returns them
// as TypeScript.
func operations(t *testing.T) []byte {
	daemon := exec.Command("go", "run", "../../cmd/spacedrived", "--stdio", "--data-dir", t.TempDir(), "--config", filepath.Join(t.TempDir(), "none.toml"))
	daemon.Env = append(os.Environ(), "CGO_ENABLED=0")
	daemon.Stdin = strings.NewReader(`{"type":"query","id":1,"method":"core.methods"}` + "\n")
	daemon.Stderr = os.Stderr
	out, err := daemon.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Payload struct {
			Methods []struct {
				Name   string `json:"name"`
				Kind   string `json:"kind"`
				Help   string `json:"help"`
				Input  schema `json:"input_schema"`
				Output schema `json:"output_schema"`
			} `json:"methods"`
			Events []struct {
				Type string `json:"type"`
				Help string `json:"help"`
				Data schema `json:"data_schema"`
			} `json:"events"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString(strings.ReplaceAll(operationsHead, "''", "`"))
	for _, m := range answer.Payload.Methods {
		fmt.Fprintf(&b, "  /** %s. */\n  %q: {\n    input: %s;\n    output: %s;\n  };\n", m.Help, m.Name, m.Input.typeOf(t, "    ", true), m.Output.typeOf(t, "    ", false))
	}
	b.WriteString("}\n\n/** Whether an operation reads or changes. */\nexport const kinds: { readonly [M in keyof Operations]: \"query\" | \"action\" } = {\n")
	for _, m := range answer.Payload.Methods {
		fmt.Fprintf(&b, "  %q: %q,\n", m.Name, m.Kind)
	}
	b.WriteString("};\n\n/** What the events of each type hold. */\nexport interface EventData {\n")
	for _, e := range answer.Payload.Events {
		if e.Help != "" {
			fmt.Fprintf(&b, "  /** %s. */\n", e.Help)
		}
		fmt.Fprintf(&b, "  %s: %s;\n", e.Type, e.Data.typeOf(t, "  ", false))
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// A schema is what the daemon's JSON Schemas use of the language.
type schema struct {
	Type        jsontext.Value `json:"type"` // a word, or several
	Properties  properties     `json:"properties"`
	Required    []string       `json:"required"`
	More        jsontext.Value `json:"additionalProperties"` // a schema, or whether there may be any
	Items       *schema        `json:"items"`
	AnyOf       jsontext.Value `json:"anyOf"`
	Enum        []string       `json:"enum"`
	Format      string         `json:"format"`
	Description string         `json:"description"`
	Minimum     float64        `json:"minimum"`
	Unknown     jsontext.Value `json:",unknown"`
}

// properties are in the order of the Go type.
type properties []property

type property struct {
	name string
	schema
}

func (p *properties) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		var one property
		if err := json.UnmarshalDecode(dec, &one.name); err != nil {
			return err
		}
		if err := json.UnmarshalDecode(dec, &one.schema); err != nil {
			return err
		}
		*p = append(*p, one)
	}
	_, err := dec.ReadToken()
	return err
}

// typeOf returns the type that a schema is of. The daemon checks inputs; outputs
// may hold more than this version knows.
func (s schema) typeOf(t *testing.T, indent string, input bool) string {
	t.Helper()
	if len(s.Unknown) > 0 {
		t.Fatalf("no type for a schema with %s", s.Unknown)
	}
	if s.isPath() {
		return "Path"
	}
	var types []string
	switch s.Type.Kind() {
	case '[':
		if err := json.Unmarshal(s.Type, &types); err != nil {
			t.Fatal(err)
		}
	case '"':
		types = []string{strings.Trim(string(s.Type), `"`)}
	default:
		return "unknown"
	}
	slices.Reverse(types)
	for i, name := range types {
		switch name {
		case "null", "boolean", "number":
		case "integer":
			types[i] = "number"
		case "string":
			types[i] = s.text(input)
		case "array":
			types[i] = "Array<" + s.Items.typeOf(t, indent, input) + ">"
		case "object":
			types[i] = s.object(t, indent, input)
		default:
			t.Fatalf("no type for %q", name)
		}
	}
	return strings.Join(types, " | ")
}

// ofPath is what the schema of a path says where there is no more to say.
const ofPath = "a file's name: text, or base64 of its bytes where they are not UTF-8"

// isPath reports whether the schema is that of a path, the only choice there is.
func (s schema) isPath() bool { return bytes.Contains(s.AnyOf, []byte(`"b64"`)) }

func (s schema) text(input bool) string {
	switch {
	case len(s.Enum) > 0:
		words := `"` + strings.Join(s.Enum, `" | "`) + `"`
		if input {
			return words
		}
		return "Open<" + words + ">"
	case s.Format == "uuid":
		return "ID"
	case s.Format == "date-time":
		return "Time"
	}
	return "string"
}

func (s schema) object(t *testing.T, indent string, input bool) string {
	if len(s.Properties) == 0 {
		switch s.More.Kind() {
		case '{':
			var more schema
			if err := json.Unmarshal(s.More, &more); err != nil {
				t.Fatal(err)
			}
			return "Record<string, " + more.typeOf(t, indent, input) + ">"
		case 'f':
			return "Record<string, never>"
		}
		return "Record<string, unknown>"
	}
	var b strings.Builder
	inner := indent + "  "
	for _, p := range s.Properties {
		if p.Description != "" && p.Description != ofPath {
			fmt.Fprintf(&b, "%s/** %s */\n", inner, strings.ReplaceAll(p.Description, "*/", "* /"))
		}
		optional := "?"
		if slices.Contains(s.Required, p.name) {
			optional = ""
		}
		fmt.Fprintf(&b, "%s%s%s: %s;\n", inner, p.name, optional, p.typeOf(t, inner, input))
	}
	return "{\n" + b.String() + indent + "}"
}
