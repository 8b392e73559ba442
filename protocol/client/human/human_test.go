package human

import (
	"errors"
	"reflect"
	"testing"
	"time"

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
		if got := Clean(in); got != want {
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
		if got := Size(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100000: "100,000"} {
		if got := Count(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 5 * time.Millisecond: "5ms", 2500 * time.Millisecond: "2.5s", 59 * time.Second: "59s",
		61 * time.Second: "1m 01s", 3*time.Hour + 5*time.Minute: "3h 05m", 50 * time.Hour: "2d 02h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for in, want := range map[string]api.SizeRange{
		"+10M": {Min: 10 << 20}, "-500k": {Max: new(int64(500 << 10))}, "4096": {Min: 4096, Max: new(int64(4096))}, "0": {Max: new(int64)}, "+1.5G": {Min: 3 << 29},
		"+2MB": {Min: 2_000_000}, "+2MiB": {Min: 2 << 20}, "+7c": {Min: 7}, "+0": {},
	} {
		var r api.SizeRange
		if err := NarrowSize(&r, in); err != nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s is %+v, error %v; want %+v", in, r, err, want)
		}
	}
	for _, in := range []string{"", "+", "big", "1X", "--1", "1e400G", "nan", "+99999999999T"} {
		if err := NarrowSize(new(api.SizeRange), in); err == nil {
			t.Errorf("%q gives %v, want an error", in, err)
		}
	}
	r := api.SizeRange{}
	if err := errors.Join(NarrowSize(&r, "+1k"), NarrowSize(&r, "-1M")); err != nil || !reflect.DeepEqual(r, api.SizeRange{Min: 1 << 10, Max: new(int64(1 << 20))}) {
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
		if err := NarrowTime(&r, in, now); err != nil || !r.From.Equal(want.From) || !r.To.Equal(want.To) {
			t.Errorf("%s is %+v, error %v; want %+v", in, r, err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "7", "7x", "+", "2026-13-01", "1e300y"} {
		if err := NarrowTime(new(api.TimeRange), in, now); err == nil {
			t.Errorf("%q gives %v, want an error", in, err)
		}
	}
}
