package human

import (
	"math"
	"testing"
	"time"
)

// FuzzFormat writes any number as people read it.
func FuzzFormat(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 999, 1023, 1024, 1 << 20, math.MaxInt64, math.MinInt64} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		for _, text := range []string{Size(n), Count(n), Duration(time.Duration(n))} {
			if text == "" || len(text) > 40 || !IsClean(text) {
				t.Fatalf("%d is written %q", n, text)
			}
		}
	})
}
