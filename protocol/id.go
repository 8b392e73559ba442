package protocol

import "github.com/google/uuid"

// An ID identifies a library, a location, an entry, a job or a daemon start. It
// is a UUID of version 7 (RFC 9562), so ids sort by creation time. It is text in
// JSON and 16 bytes in CBOR.
type ID = uuid.UUID

// NewID returns a new ID.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// ParseID parses an ID in any form that uuid.Parse accepts. AppendID writes
// xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.
func ParseID(s string) (ID, error) { return uuid.Parse(s) }

// AppendID appends the text of id to buf.
func AppendID(buf []byte, id ID) []byte {
	const digits = "0123456789abcdef"
	text := [36]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	for i, b := range id {
		at := idDigits[i]
		text[at], text[at+1] = digits[b>>4], digits[b&0xf]
	}
	return append(buf, text[:]...)
}

// idDigits are the positions of each byte's digits in an id's text.
var idDigits = [16]byte{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}
