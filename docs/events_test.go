package docs

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	_ "github.com/spacedrive-go/spacedrive/protocol/api" // declares the events
)

var update = flag.Bool("update", false, "write the table of events in protocol.md")

//go:generate go test . -run TestTheEventsAreTheDeclaredOnes -update

// TestTheEventsAreTheDeclaredOnes compares the table of events in protocol.md
// with the declarations; -update writes it.
func TestTheEventsAreTheDeclaredOnes(t *testing.T) {
	const head = "| event | when | ids | `data` |\n"
	before, rest, found := strings.Cut(document(t), head)
	old, after, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		t.Fatalf("protocol.md has no table that begins with %q", head)
	}
	rows := strings.TrimSuffix(eventRows(), "\n")
	if old == rows {
		return
	}
	if !*update {
		t.Fatal("the table of events in protocol.md is not what protocol/api declares; run: go generate ./docs")
	}
	if err := os.WriteFile("protocol.md", []byte(before+head+rows+"\n\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func eventRows() string {
	var rows strings.Builder
	rows.WriteString("|---|---|---|---|\n")
	for _, typ := range protocol.EventTypes {
		spec := typ.Spec()
		data := "not sent by this version"
		if spec.Data != nil {
			data = quoted(jsonKeys(spec.Data))
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s |\n", typ, spec.Help, quoted(spec.IDs.Keys()), data)
	}
	return rows.String()
}

func quoted(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

func jsonKeys(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys = append(keys, key)
	}
	return keys
}
