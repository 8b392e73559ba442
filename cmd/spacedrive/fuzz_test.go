package main

import (
	"bufio"
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// FuzzSize reads two sizes, as --size may be given twice: they are refused, or
// the range is one that the daemon accepts.
func FuzzSize(f *testing.F) {
	f.Fuzz(func(t *testing.T, one, two string) {
		var r api.SizeRange
		for _, s := range []string{one, two} {
			before := r
			if err := parseSize(s, &r); err != nil {
				if exitCode(err) != exitUsage {
					t.Fatalf("%q: %v is no error of usage", s, err)
				}
				return
			}
			if r.Min < before.Min || before.Max != nil && (r.Max == nil || *r.Max > *before.Max) {
				t.Fatalf("%q widens %v to %v", s, before, r)
			}
		}
		if r.Min < 0 || r.Max != nil && *r.Max < r.Min {
			t.Fatalf("%q and %q make %d to %d", one, two, r.Min, *r.Max)
		}
	})
}

// FuzzAge reads two times, as --modified may be given twice: they are refused,
// or something can have been changed then.
func FuzzAge(f *testing.F) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, one, two string) {
		var r api.TimeRange
		for _, s := range []string{one, two} {
			if err := parseAge(s, now, &r); err != nil {
				if exitCode(err) != exitUsage {
					t.Fatalf("%q: %v is no error of usage", s, err)
				}
				return
			}
		}
		if !r.To.IsZero() && !r.From.Before(r.To) {
			t.Fatalf("%q and %q make %v to %v", one, two, r.From, r.To)
		}
		for _, end := range []time.Time{r.From, r.To} {
			for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
				text, err := enc.Marshal(end)
				if err == nil {
					err = enc.Unmarshal(text, new(time.Time))
				}
				if err != nil {
					t.Fatalf("%q and %q make %v to %v, which cannot be sent: %v", one, two, r.From, r.To, err)
				}
			}
		}
	})
}

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
		if !ended || !isClean(shown) {
			t.Fatalf("%q is shown as %q", line, out.String())
		}
	})
}

// FuzzFormat writes any number as people read it.
func FuzzFormat(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 999, 1023, 1024, 1 << 20, math.MaxInt64, math.MinInt64} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		for _, text := range []string{formatSize(n), formatCount(n), formatDuration(time.Duration(n))} {
			if text == "" || len(text) > 40 || !isClean(text) {
				t.Fatalf("%d is written %q", n, text)
			}
		}
	})
}
