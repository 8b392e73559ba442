package docs

import (
	"flag"
	"os"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/cddl"
	"github.com/spacedrive-go/spacedrive/contrib/cddl/fromgo"
)

var update = flag.Bool("update", false, "write operations.cddl")

const operationsHead = `; What each operation takes and returns. Written from the Go types in
; protocol/api by: go test ./docs -run Operations -update

`

func TestOperationsAreTheDeclaredOnes(t *testing.T) {
	rules, err := fromgo.Operations("../protocol/api")
	if err != nil {
		t.Fatal(err)
	}
	got := operationsHead + rules
	if *update {
		if err := os.WriteFile("operations.cddl", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("operations.cddl")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("operations.cddl is not what protocol/api declares; run: go test ./docs -run Operations -update")
	}
}

// schema parses the schema for one encoding, and what is added to it.
func schema(t *testing.T, values string, more ...string) *cddl.Schema {
	t.Helper()
	var texts []string
	for _, name := range []string{"protocol.cddl", "operations.cddl", values} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	s, err := cddl.Parse(append(texts, more...)...)
	if err != nil {
		t.Fatalf("with %s: %v", values, err)
	}
	return s
}

// A client that validates, and does not want to refuse what a later version
// of the daemon sends, adds the lines that protocol.cddl names.
func TestAClientCanLetMorePass(t *testing.T) {
	message, err := cddl.JSON([]byte(`{"type":"error","id":7,"error":{"code":"not_found_yet","message":"m","retryable":false,"since":1},"more":true}`))
	if err != nil {
		t.Fatal(err)
	}
	strict := schema(t, "protocol-json.cddl")
	if strict.Check("reply", message) == nil {
		t.Error("the schema lets unknown keys and codes of this version pass")
	}
	lenient := schema(t, "protocol-json.cddl", "$$more //= ( tstr => any )\ncode /= tstr\n")
	if err := lenient.Check("reply", message); err != nil {
		t.Error(err)
	}
}
