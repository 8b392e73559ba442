package filter

import (
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
			if err := Size(&r, s); err != nil {
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
			if err := Time(&r, s, now); err != nil {
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
