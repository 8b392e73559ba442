// Package protocol defines what is sent over the daemon's socket: messages, their
// two encodings, and the values in them. docs/protocol.md specifies version 1.
//
// A program that calls the daemon uses protocol/client; protocol/api declares
// the operations. This package imports no other package of the project, so both
// ends can share it.
package protocol

// Version is the only version of the wire protocol that this package supports.
const Version = 1

// Limits that both ends know. The server may have lower ones; the answer to hello
// lists them.
const (
	// MaxFrame is the longest CBOR frame body and the longest JSON line
	// without its newline, in bytes. It is one less than 2^24, so that the
	// first byte of a CBOR frame's length is always zero.
	MaxFrame = 1<<24 - 1
	// MaxNesting is how deep arrays and maps may be nested, including the
	// message itself.
	MaxNesting = 32
	// MaxElements is how many elements an array, and how many pairs a map in
	// a request may have. It bounds the memory of a decoded frame that is
	// full of the shortest elements.
	MaxElements = 1 << 17
	// MaxID is the largest message id: 2^53 − 1, the largest integer that
	// every JSON implementation keeps exact (RFC 8259, section 6).
	MaxID = 1<<53 - 1
	// MaxTraceID is the longest trace id, in characters.
	MaxTraceID = 64
)
