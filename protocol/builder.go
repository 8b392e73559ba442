package protocol

import "encoding/binary"

// frameHeader is the size of the length before a CBOR frame's body, in bytes.
const frameHeader = 4

// A builder appends one message to a buffer, in either encoding. It keeps the
// first error, which finish returns after restoring the buffer.
type builder struct {
	buf   []byte
	enc   Encoding
	start int // where the message begins in buf
	pairs int
	err   error
}

func newBuilder(buf []byte, enc Encoding, typ string, id uint64) builder {
	b := builder{buf: buf, enc: enc, start: len(buf)}
	if enc == CBOR {
		// finish fills in the length and the number of pairs. A message
		// has fewer than 24 pairs, so one byte is enough.
		b.buf = append(b.buf, 0, 0, 0, 0, cborMap<<5)
	} else {
		b.buf = append(b.buf, '{')
	}
	b.text("type", typ)
	if id != 0 {
		b.uint("id", id)
	}
	return b
}

func (b *builder) key(name string) {
	b.pairs++
	if b.enc == CBOR {
		b.buf = appendCBORText(b.buf, name)
		return
	}
	if b.pairs > 1 {
		b.buf = append(b.buf, ',')
	}
	b.buf = append(b.buf, '"')
	b.buf = append(b.buf, name...)
	b.buf = append(b.buf, '"', ':')
}

func (b *builder) text(name, text string) {
	b.key(name)
	buf, ok := appendText(b.buf, b.enc, text)
	if b.buf = buf; !ok {
		b.err = first(b.err, errUTF8)
	}
}

func (b *builder) uint(name string, n uint64) {
	b.key(name)
	b.buf = appendUint(b.buf, b.enc, n)
}

func (b *builder) raw(name string, encoded []byte) {
	b.key(name)
	b.buf = append(b.buf, encoded...)
}

func (b *builder) value(name string, v any) {
	b.key(name)
	buf, err := b.enc.Append(b.buf, v)
	b.buf, b.err = buf, first(b.err, err)
}

// finish completes the message and returns the buffer. On an error, of code
// Serialization, the buffer is as it was before the message.
func (b *builder) finish() ([]byte, error) {
	if b.err != nil {
		return b.buf[:b.start], Errorf(Serialization, "cannot encode the message: %w", b.err)
	}
	size := len(b.buf) - b.start
	if b.enc == CBOR {
		size -= frameHeader
		b.buf[b.start+frameHeader] |= byte(b.pairs)
	} else {
		b.buf = append(b.buf, '}')
		size++
	}
	if size > MaxFrame {
		return b.buf[:b.start], Errorf(Serialization, "the message has %d bytes, and the longest allowed has %d", size, MaxFrame).
			WithHint("ask for fewer at a time: limit, then cursor with the answer's next_cursor")
	}
	if b.enc == CBOR {
		binary.BigEndian.PutUint32(b.buf[b.start:], uint32(size))
	} else {
		b.buf = append(b.buf, '\n')
	}
	return b.buf, nil
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func appendCBORText(buf []byte, text string) []byte {
	return append(appendCBORHead(buf, cborText, uint64(len(text))), text...)
}

func appendCBORHead(buf []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(buf, major|byte(n))
	case n < 1<<8:
		return append(buf, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(buf, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(buf, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(buf, major|27), n)
}
