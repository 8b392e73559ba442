package protocol

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	firstBuffer = 4 << 10  // bytes
	smallBuffer = 64 << 10 // bytes; a larger buffer is acquired from the Budget and released after its frame
)

// A Budget bounds the memory of incomplete frames over all connections. Acquire
// may block; it returns an error if the connection ends meanwhile.
type Budget interface {
	Acquire(bytes int64) error
	Release(bytes int64)
}

// A FrameReader splits a byte stream into frames. Its memory grows with the data
// received, not with the length in a header.
type FrameReader struct {
	src    io.Reader
	budget Budget // nil if unbounded
	limit  int

	enc        Encoding // 0 until the first byte
	buf        []byte
	start, end int   // received and not returned: buf[start:end]
	scanned    int   // bytes after start known to have no newline
	rich       bool  // the last read filled buf, so a larger one saves reads
	held       int64 // bytes acquired from budget
	eof        bool
}

// NewFrameReader returns a reader of the frames from src. If enc is 0 the first
// byte picks the encoding, as in a server. budget may be nil.
func NewFrameReader(src io.Reader, enc Encoding, budget Budget) *FrameReader {
	return &FrameReader{src: src, enc: enc, budget: budget, limit: MaxFrame}
}

// Encoding returns the stream's encoding, or 0 before its first byte.
func (r *FrameReader) Encoding() Encoding { return r.enc }

// Partial reports whether only a part of a frame has been received. src can call
// it to know whether a Read is for the rest of a frame.
func (r *FrameReader) Partial() bool { return r.end > r.start }

// Close releases the memory acquired from the budget.
func (r *FrameReader) Close() { r.shrink() }

// Next returns the next frame without its length or newline. The frame is valid
// until the next call. At the end of the stream Next returns io.EOF, or
// io.ErrUnexpectedEOF inside a CBOR frame. After an *Error, of code
// RequestTooLarge or InvalidRequest, the stream cannot be read further.
func (r *FrameReader) Next() ([]byte, error) {
	if r.start == r.end {
		r.start, r.end = 0, 0
	}
	if r.end-r.start <= smallBuffer && len(r.buf) > smallBuffer {
		r.shrink()
	}
	for {
		if r.end > r.start {
			frame, size, err := r.cut()
			if err != nil {
				return nil, err
			}
			if size > 0 {
				r.start += size
				r.scanned = 0
				if frame == nil { // a blank line
					continue
				}
				return frame, nil
			}
		}
		if r.eof {
			return r.unterminated()
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// cut returns the first frame in the received data and the number of bytes it
// occupies there, 0 if the frame is incomplete.
func (r *FrameReader) cut() (frame []byte, size int, err error) {
	got := r.buf[r.start:r.end]
	if r.enc == 0 {
		switch got[0] {
		case '{', ' ', '\t', '\r', '\n':
			r.enc = JSON
		case 0:
			r.enc = CBOR
		default:
			return nil, 0, Errorf(InvalidRequest, "the first byte, 0x%02x, is of neither encoding", got[0]).
				WithHint("JSON lines begin with { or white space, CBOR frames with a 4-byte big-endian length, whose first byte is 0")
		}
	}
	if r.enc == CBOR {
		return r.cutCBOR(got)
	}
	return r.cutLine(got)
}

func (r *FrameReader) cutCBOR(got []byte) ([]byte, int, error) {
	if len(got) < frameHeader {
		return nil, 0, nil
	}
	claim := binary.BigEndian.Uint32(got)
	if uint64(claim) > uint64(r.limit) { // before the conversion to int, which may have 32 bits
		return nil, 0, r.tooLarge(uint64(claim))
	}
	n := int(claim)
	if len(got) < frameHeader+n {
		return nil, 0, nil
	}
	return got[frameHeader : frameHeader+n : frameHeader+n], frameHeader + n, nil
}

func (r *FrameReader) cutLine(got []byte) ([]byte, int, error) {
	i := bytes.IndexByte(got[r.scanned:], '\n')
	end, size := len(got), 0
	if i >= 0 {
		end = r.scanned + i
		size = end + 1
	}
	line := bytes.TrimSuffix(got[:end:end], []byte{'\r'})
	if len(line) > r.limit {
		return nil, 0, r.tooLarge(uint64(len(line)))
	}
	if size == 0 {
		r.scanned = end
		return nil, 0, nil
	}
	if blank(line) {
		line = nil
	}
	return line, size, nil
}

func blank(line []byte) bool { return len(bytes.TrimLeft(line, " \t\r\n")) == 0 }

func (r *FrameReader) tooLarge(n uint64) error {
	return Errorf(RequestTooLarge, "a message of %d bytes or more; the longest allowed has %d", n, r.limit).With("limit", r.limit)
}

// unterminated returns the last line of a stream that ends without a newline.
func (r *FrameReader) unterminated() ([]byte, error) {
	rest := r.buf[r.start:r.end]
	r.start = r.end
	if r.enc == CBOR && len(rest) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if blank(rest) {
		return nil, io.EOF
	}
	return bytes.TrimSuffix(rest, []byte{'\r'}), nil
}

func (r *FrameReader) fill() error {
	if r.start > 0 && r.end == len(r.buf) {
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= r.start
		r.start = 0
	}
	if r.end == len(r.buf) || r.rich && len(r.buf) < smallBuffer {
		if err := r.grow(); err != nil {
			return err
		}
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	r.rich = r.end == len(r.buf)
	if err == io.EOF {
		r.eof = true
		return nil
	}
	return err
}

func (r *FrameReader) grow() error {
	size := max(firstBuffer, 2*len(r.buf))
	if len(r.buf) < smallBuffer {
		size = min(size, smallBuffer)
	}
	if size > smallBuffer && r.held == 0 && r.budget != nil {
		// Acquire all that the frame may need at once. Acquiring in parts
		// could leave many incomplete frames waiting for each other.
		if err := r.budget.Acquire(int64(r.limit)); err != nil {
			return err
		}
		r.held = int64(r.limit)
	}
	size = min(size, r.limit+frameHeader+1)
	bigger := make([]byte, size)
	r.end = copy(bigger, r.buf[r.start:r.end])
	r.start = 0
	r.buf = bigger
	return nil
}

// shrink replaces a large buffer of which little is in use.
func (r *FrameReader) shrink() {
	rest := append([]byte(nil), r.buf[r.start:r.end]...)
	r.buf, r.start, r.end = rest, 0, len(rest)
	if r.held > 0 {
		r.budget.Release(r.held)
		r.held = 0
	}
}
