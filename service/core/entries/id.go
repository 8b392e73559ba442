package entries

import (
	"encoding/binary"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// An entry's id on the wire is made of its library's id and its row's number,
// so that rows need no column for it: the first 8 bytes of the library's id
// (time and version of a UUIDv7), then the variant's two bits and the number
// in 62, which a random mask of the library's makes unlike those of another
// library that was made in the same instant. Libraries from before the mask
// have the mask 0. Numbers are never used again, so the id is as unique as a
// UUID.
const (
	variantBits = 0b10 << 62 // RFC 9562, section 4.1
	variantMask = 0b11 << 62
)

// An IDSpace converts between the numbers of a library's entries and their ids
// on the wire.
type IDSpace struct {
	Library protocol.ID
	Mask    uint64 // of 62 bits
}

// ID returns the id on the wire of the entry with the given number.
func (s IDSpace) ID(number int64) (id protocol.ID) {
	copy(id[:8], s.Library[:8])
	binary.BigEndian.PutUint64(id[8:], variantBits|(uint64(number)^s.Mask)&^variantMask)
	return id
}

// Number returns the number of the entry that an id stands for. ok is false for
// an id that cannot be one of this library's entries.
func (s IDSpace) Number(id protocol.ID) (number int64, ok bool) {
	low := binary.BigEndian.Uint64(id[8:])
	if [8]byte(id[:8]) != [8]byte(s.Library[:8]) || low&variantMask != variantBits {
		return 0, false
	}
	number = int64((low &^ variantMask) ^ s.Mask)
	return number, number > 0
}
