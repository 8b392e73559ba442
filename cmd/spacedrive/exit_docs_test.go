package main

import (
	"os"
	"strconv"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// docs/protocol.md says for each error code what spacedrive exits with.
func TestExitCodesAreTheDocumentedOnes(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := readme.Tables(string(text))
	rows := append(tables["code"], tables["code of the client"]...)
	if len(rows) < 20 {
		t.Fatalf("only %d codes", len(rows))
	}
	for _, row := range rows {
		code := protocol.Code(readme.Words(row[0])[0])
		if got := strconv.Itoa(exitCode(protocol.Errorf(code, "x"))); got != row[len(row)-1] {
			t.Errorf("%s: exit code %s, and %s in protocol.md", code, got, row[len(row)-1])
		}
	}
}
