package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
)

// FuzzFrame reads any stream in pieces of any size and holds it against a
// splitter that has the whole stream before it.
func FuzzFrame(f *testing.F) {
	const limit = 64
	f.Fuzz(func(t *testing.T, stream []byte, piece byte) {
		budget := &ledger{}
		r := NewFrameReader(&pieces{stream, max(1, int(piece))}, 0, budget)
		r.limit = limit
		got, err := readAll(r)
		if _, again := r.Next(); again == nil {
			t.Fatalf("a frame after %v", err)
		}
		r.Close()
		want, wantErr := split(stream, limit)
		if !slices.Equal(got, want) || codeOf(err) != codeOf(wantErr) {
			t.Fatalf("%q in pieces of %d:\n%q, %v, want\n%q, %v", stream, piece, got, err, want, wantErr)
		}
		if budget.held != 0 {
			t.Fatalf("%d bytes of the budget are still held", budget.held)
		}
	})
}

func codeOf(err error) string {
	var wire *Error
	if errors.As(err, &wire) {
		return string(wire.Code)
	}
	return err.Error()
}

type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

// split is the contract's framing, written down for a stream that is whole.
func split(stream []byte, limit int) (frames []string, err error) {
	if len(stream) == 0 {
		return nil, io.EOF
	}
	switch {
	case stream[0] == 0:
		return splitCBOR(stream, limit)
	case bytes.IndexByte([]byte("{ \t\r\n"), stream[0]) < 0:
		return nil, Errorf(InvalidRequest, "neither encoding")
	}
	for len(stream) > 0 {
		line, rest, _ := bytes.Cut(stream, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) > limit {
			return frames, Errorf(RequestTooLarge, "line")
		}
		if len(bytes.Trim(line, " \t\r")) > 0 {
			frames = append(frames, string(line))
		}
		stream = rest
	}
	return frames, io.EOF
}

func splitCBOR(stream []byte, limit int) (frames []string, err error) {
	for len(stream) >= frameHeader {
		n := int64(binary.BigEndian.Uint32(stream))
		stream = stream[frameHeader:]
		if n > int64(limit) {
			return frames, Errorf(RequestTooLarge, "frame")
		}
		if int64(len(stream)) < n {
			return frames, io.ErrUnexpectedEOF
		}
		frames = append(frames, string(stream[:n]))
		stream = stream[n:]
	}
	if len(stream) > 0 {
		return frames, io.ErrUnexpectedEOF
	}
	return frames, io.EOF
}
