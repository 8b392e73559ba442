package entry_test

import (
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
)

// FuzzKindOfContent looks at the first bytes of any file, which are whatever
// somebody has put there: it has a kind that there is.
func FuzzKindOfContent(f *testing.F) {
	f.Fuzz(func(t *testing.T, head []byte, name string) {
		byName := entry.KindOfName(name)
		kind := entry.KindOfContent(head, byName)
		for _, k := range []entry.Kind{byName, kind} {
			if got, ok := entry.ParseKind(k.String()); !ok || got != k {
				t.Fatalf("%q, which begins with %q, has the kind %d (%s)", name, head, k, k)
			}
			if !k.Regular() {
				t.Fatalf("%q, which begins with %q, is taken for a %s", name, head, k)
			}
		}
	})
}

// FuzzID takes any id apart: it is no entry's of the library, or the row's
// number makes the same id again.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, lib, id []byte) {
		var library, of protocol.ID
		copy(library[:], lib)
		copy(of[:], id)
		if row, ok := entry.Row(library, of); ok && (row <= 0 || entry.ID(library, row) != of) {
			t.Fatalf("%v in %v is row %d, which has the id %v", of, library, row, entry.ID(library, row))
		}
	})
}
