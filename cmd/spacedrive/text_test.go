package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestShellWords(t *testing.T) {
	for in, want := range map[string]string{"plain-1.txt": "plain-1.txt", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "~x": "'~x'", "日本": "日本"} {
		if got := packaging.ShellWord(in); got != want {
			t.Errorf("%q is the word %s, want %s", in, got, want)
		}
	}
}

func TestTableAlignsWideCharacters(t *testing.T) {
	table := newTable("NAME", ">N", "END")
	table.add("日本", "1", "x")
	table.add("abc", "1,000", "y\n")
	widths := []int{4, 5, 3}
	want := []string{"日本      1  x", `abc   1,000  y\n`}
	for i, row := range table.rows {
		if got := table.line(row, widths); got != want[i] {
			t.Errorf("row %d is %q, want %q", i, got, want[i])
		}
	}
}

func TestStopSocketIsAFlagOfStop(t *testing.T) {
	for in, want := range map[string]string{
		"stop --socket":           "stop --socket-unit",
		"stop --socket --json":    "stop --socket-unit --json",
		"stop --socket /run/a":    "stop --socket /run/a",
		"--socket /run/a stop":    "--socket /run/a stop",
		"--library stop status":   "--library stop status",
		"--json stop --socket":    "--json stop --socket-unit",
		"status --socket":         "status --socket",
		"stop --socket=/run/a -q": "stop --socket=/run/a -q",
	} {
		if got := strings.Join(socketAfterStop(strings.Fields(in)), " "); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"none":             {nil, 0},
		"failed":           {protocol.Errorf(protocol.OperationFailed, "x"), 1},
		"plain":            {errors.New("x"), 1},
		"usage":            {usage("x"), 2},
		"connection":       {protocol.Errorf(protocol.ConnectionFailed, "x"), 3},
		"core unavailable": {protocol.Errorf(protocol.CoreUnavailable, "x"), 3},
		"refused as whole": {connectError{protocol.Errorf(protocol.PermissionDenied, "x")}, 3},
		"file refused":     {protocol.Errorf(protocol.PermissionDenied, "x"), 1},
		"not found":        {protocol.Errorf(protocol.NotFound, "x"), 4},
		"part":             {exitError(exitPart), 5},
		"mismatch":         {connectError{protocol.Errorf(protocol.ProtocolMismatch, "x")}, 6},
		"interrupted":      {exitError(exitInterrupted), 130},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestElidedPathsKeepBothEnds(t *testing.T) {
	for _, test := range []struct {
		path       string
		width      int
		begin, end string
	}{
		{"/home/me/a", 10, "/home/me/a", ""},
		{"/home/me/.local/share/spacedrive/libraries/0123", 24, "/home/m…", "…e/libraries/0123"},
		{"/家/写真/旅行/二〇二六年/海", 16, "/家/…", "年/海"},
	} {
		got := elided(test.path, test.width)
		if !strings.HasPrefix(got, test.begin) || !strings.HasSuffix(got, test.end) {
			t.Errorf("%q became %q", test.path, got)
		}
		if w := runewidth.StringWidth(got); w > test.width {
			t.Errorf("%q has %d columns, and may have %d", got, w, test.width)
		}
	}
}
