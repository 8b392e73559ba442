// Package entry holds what all that deal with indexed files share: an entry's
// id on the wire, its kind, and its path.
package entry

import (
	"encoding/binary"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// An entry's id on the wire is made of its library's id and its row's number,
// so that rows need no column for it: the first 8 bytes of the library's id
// (time and version of a UUIDv7), then the variant's two bits and the number
// in 62. Numbers are never used again, so the id is as unique as a UUID.
const (
	variantBits = 0b10 << 62 // RFC 9562, section 4.1
	variantMask = 0b11 << 62
)

// ID returns the id on the wire of a row of a library.
func ID(library protocol.ID, row int64) (id protocol.ID) {
	copy(id[:8], library[:8])
	binary.BigEndian.PutUint64(id[8:], variantBits|uint64(row)&^variantMask)
	return id
}

// Row returns the row that an id of a library's entry stands for. ok is false
// for an id of another library's entry, or of anything else.
func Row(library, id protocol.ID) (row int64, ok bool) {
	low := binary.BigEndian.Uint64(id[8:])
	if [8]byte(id[:8]) != [8]byte(library[:8]) || low&variantMask != variantBits {
		return 0, false
	}
	row = int64(low &^ variantMask)
	return row, row > 0
}
