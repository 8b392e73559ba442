package protocol

import (
	"encoding/hex"

	"github.com/google/uuid"
)

// An ID names a library, a location, an entry, a job or a daemon start. It is
// a UUID of version 7 (RFC 9562), so ids sort by the time they were made. It
// crosses the wire as text in JSON and as 16 bytes in CBOR.
type ID = uuid.UUID

// NewID returns a new ID.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// ParseID reads an ID in one of the forms that uuid.Parse knows; the one that
// this project writes is xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.
func ParseID(s string) (ID, error) { return uuid.Parse(s) }

// AppendID appends the text of id to buf.
func AppendID(buf []byte, id ID) []byte {
	buf = hex.AppendEncode(buf, id[:4])
	for _, group := range [][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		buf = hex.AppendEncode(append(buf, '-'), group)
	}
	return buf
}
