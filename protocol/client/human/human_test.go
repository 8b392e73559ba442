package human

import (
	"testing"
	"time"
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
