package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// FuzzKeptLine prints any line of the log file: on one line that does nothing
// to a terminal.
func FuzzKeptLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			return
		}
		var out bytes.Buffer
		a := &app{cli: new(cli), term: &terminal{out: bufio.NewWriter(&out)}}
		_ = (&logsCmd{Level: "info", Target: "t", Job: "0"}).fits(line)
		a.printKept(line)
		if err := a.term.out.Flush(); err != nil {
			t.Fatal(err)
		}
		shown, ended := strings.CutSuffix(out.String(), "\n")
		if !ended || !human.IsClean(shown) {
			t.Fatalf("%q is shown as %q", line, out.String())
		}
	})
}
