package entries_test

import (
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// FuzzKindOfContent looks at the first bytes of any file, which are whatever
// somebody has put there: it has a kind that there is.
func FuzzKindOfContent(f *testing.F) {
	f.Fuzz(func(t *testing.T, head []byte, name string) {
		byName := entries.KindOfName(name)
		kind := entries.KindOfContent(head, byName)
		for _, k := range []entries.Kind{byName, kind} {
			if got, ok := entries.ParseKind(k.String()); !ok || got != k {
				t.Fatalf("%q, which begins with %q, has the kind %d (%s)", name, head, k, k)
			}
			if !k.Regular() {
				t.Fatalf("%q, which begins with %q, is taken for a %s", name, head, k)
			}
		}
	})
}

// FuzzID takes any id apart: it is no entry's of the library, or the number
// makes the same id again.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, lib, id []byte, mask uint64) {
		space := entries.IDSpace{Mask: mask & (1<<62 - 1)}
		var of protocol.ID
		copy(space.Library[:], lib)
		copy(of[:], id)
		if number, ok := space.Number(of); ok && (number <= 0 || space.ID(number) != of) {
			t.Fatalf("%v in %v is entry %d, which has the id %v", of, space, number, space.ID(number))
		}
	})
}
