// Package protocol is what crosses the daemon's socket: messages, their two
// encodings, and the values inside them. Version 1 of the contract is written
// down in docs/protocol.md.
//
// A program that wants to talk to the daemon starts at protocol/client; the
// operations it can call are declared in protocol/api. This package imports
// nothing else of the project, so both ends can share it.
package protocol

// Version is the one version of the wire protocol that this package speaks.
const Version = 1

// Limits that both ends know. The server's configuration may lower them; what
// is in force is told in the answer to hello.
const (
	// MaxFrame is the longest CBOR frame body and the longest JSON line
	// without its newline, in bytes. It is one less than 2^24, so that the
	// first byte of a CBOR frame's length is always zero.
	MaxFrame = 1<<24 - 1
	// MaxNesting is how many arrays and maps may stand inside one another,
	// the message itself being the first.
	MaxNesting = 32
	// MaxElements is how many elements one array, and how many pairs one
	// map of a request may have. It keeps small what a frame full of the
	// shortest elements grows to when it is decoded.
	MaxElements = 1 << 17
	// MaxID is the largest message id: 2^53 − 1, the largest integer that
	// every JSON implementation keeps exact (RFC 8259, section 6).
	MaxID = 1<<53 - 1
	// MaxTraceID is the longest trace id, in characters.
	MaxTraceID = 64
)
