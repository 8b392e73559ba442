package search

import (
	"bytes"
	"testing"
)

// FuzzMatch compares any query with any name: both are bytes that anybody may
// have chosen.
func FuzzMatch(f *testing.F) {
	f.Fuzz(func(t *testing.T, query, name string) {
		p := newPattern(query)
		folded := appendFold(nil, []byte(name), nil)
		if fast := appendFoldFast(nil, []byte(name)); !bytes.Equal(fast, folded) {
			t.Fatalf("%q folds to %q, and fast to %q", name, folded, fast)
		}
		var starts []int
		if marked := appendFold(nil, []byte(name), &starts); !bytes.Equal(marked, folded) || len(starts) != len(folded) {
			t.Fatalf("%q folds to %q with %d places", name, marked, len(starts))
		}
		score := p.score(folded)
		if score < 0 || score > scoreExact {
			t.Fatalf("%q scores %v for %q", name, score, query)
		}
		marks := p.highlights([]byte(name))
		end := 0
		for i, h := range marks {
			if h.Start < end || i > 0 && h.Start == end || h.End <= h.Start || h.End > len(name) {
				t.Fatalf("%q in %q is at %v", query, name, marks)
			}
			end = h.End
		}
		if score > 0 && len(p.words) > 0 && len(marks) == 0 {
			t.Fatalf("%q scores %v for %q, and nothing in it is marked", name, score, query)
		}
	})
}
