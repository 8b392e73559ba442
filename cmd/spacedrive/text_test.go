package main

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestCleanKeepsATerminalSafe(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünï 日本 🎞":      "plain ünï 日本 🎞",
		"a\x1b[31mb":          `a\x1b[31mb`,
		"new\nline\r\ttab":    `new\nline\r\ttab`,
		"\x00\x7f":            `\x00\x7f`,
		"csi\u009b31m":        `csi\u009b31m`,
		"bad\xffbyte":         `bad\xffbyte`,
		"turned\u202egnp":     `turned\u202egnp`,
		"line\u2028end":       `line\u2028end`,
		"real \uFFFD stays":   "real \uFFFD stays",
		"mixed \uFFFD\xfe ok": "mixed \uFFFD\\xfe ok",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q is shown as %s, want %s", in, got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 10 << 10: "10 KiB",
		1<<20 - 1: "1.0 MiB", 5 << 30: "5.0 GiB", 1 << 62: "4096 PiB",
	} {
		if n == 1<<62 {
			want = "4 EiB"
		}
		if got := formatSize(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100000: "100,000"} {
		if got := formatCount(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 5 * time.Millisecond: "5ms", 2500 * time.Millisecond: "2.5s", 59 * time.Second: "59s",
		61 * time.Second: "1m 01s", 3*time.Hour + 5*time.Minute: "3h 05m", 50 * time.Hour: "2d 02h",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	for in, want := range map[string]string{"plain-1.txt": "plain-1.txt", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "~x": "'~x'", "日本": "日本"} {
		if got := packaging.ShellWord(in); got != want {
			t.Errorf("%q is the word %s, want %s", in, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for in, want := range map[string]api.SizeRange{
		"+10M": {Min: 10 << 20}, "-500k": {Max: new(int64(500 << 10))}, "4096": {Min: 4096, Max: new(int64(4096))}, "0": {Max: new(int64)}, "+1.5G": {Min: 3 << 29},
		"+2MB": {Min: 2_000_000}, "+2MiB": {Min: 2 << 20}, "+7c": {Min: 7}, "+0": {},
	} {
		var r api.SizeRange
		if err := parseSize(in, &r); err != nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s is %+v, error %v; want %+v", in, r, err, want)
		}
	}
	for _, in := range []string{"", "+", "big", "1X", "--1", "1e400G", "nan", "+99999999999T"} {
		if err := parseSize(in, new(api.SizeRange)); exitCode(err) != exitUsage {
			t.Errorf("%q gives %v, want a usage error", in, err)
		}
	}
	r := api.SizeRange{}
	if err := errors.Join(parseSize("+1k", &r), parseSize("-1M", &r)); err != nil || !reflect.DeepEqual(r, api.SizeRange{Min: 1 << 10, Max: new(int64(1 << 20))}) {
		t.Errorf("both ends are %+v, error %v", r, err)
	}
}

func TestAges(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for in, want := range map[string]api.TimeRange{
		"7d": {From: now.Add(-7 * day)}, "-7d": {From: now.Add(-7 * day)}, "+2w": {To: now.Add(-14 * day)},
		"36h": {From: now.Add(-36 * time.Hour)}, "90min": {From: now.Add(-90 * time.Minute)},
		"2026-01-31":           {From: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)},
		"+2026-01-31 08:30":    {To: time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)},
		"2026-01-31T08:30:00Z": {From: time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)},
	} {
		var r api.TimeRange
		if err := parseAge(in, now, &r); err != nil || !r.From.Equal(want.From) || !r.To.Equal(want.To) {
			t.Errorf("%s is %+v, error %v; want %+v", in, r, err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "7", "7x", "+", "2026-13-01", "1e300y"} {
		if err := parseAge(in, now, new(api.TimeRange)); exitCode(err) != exitUsage {
			t.Errorf("%q gives %v, want a usage error", in, err)
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

func TestShortIDsTellApart(t *testing.T) {
	id := func(s string) protocol.ID {
		id, err := protocol.ParseID(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	a, b := id("01a209d7-b97a-77b6-b2e8-061a758bf5f0"), id("01a209d7-b968-7a9d-ba78-130602b00e67")
	if got := shortIDs([]protocol.ID{a, b}); !slices.Equal(got, []string{"01a209d7-b97", "01a209d7-b96"}) {
		t.Errorf("short are %v", got)
	}
	if got := shortIDs([]protocol.ID{a}); !slices.Equal(got, []string{"01a209d7"}) {
		t.Errorf("short is %v", got)
	}
	for _, prefix := range []string{"01a209d7-b97", "01A209D7B97", "01a2", a.String()} {
		if !hasPrefix(a, prefix) {
			t.Errorf("%s does not begin with %s", a, prefix)
		}
	}
	if hasPrefix(a, "") || hasPrefix(a, "02") {
		t.Error("fits a prefix that it has not")
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
