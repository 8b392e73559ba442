package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// readBuffer is what is read at a time, at most: a connection holds 200 KiB.
const readBuffer = 256 << 10

// A stream is a connection and the messages that come on it: lines, or CBOR
// frames.
type stream struct {
	socket
	buf    []byte // shared by streams of one goroutine
	frames bool
	head   [4]byte
	have   int  // bytes of head
	left   int  // bytes of the frame that are still to come
	seen   int  // messages so far
	check  bool // for errors

	expected int // of seen, for those who keep it
}

// open connects. request tells what comes back: one that begins with 0 is of
// frames.
func open(address string, request, buf []byte) (*stream, error) {
	s, err := dial(address)
	if err != nil {
		return nil, err
	}
	return &stream{socket: s, buf: buf, frames: len(request) > 0 && request[0] == 0, check: true}, nil
}

// await reads until so many messages have come since the connection was made.
func (s *stream) await(messages int) error {
	for s.seen < messages {
		if err := s.readSome(); err != nil {
			return err
		}
	}
	return nil
}

// readSome reads what there is.
func (s *stream) readSome() error {
	p, err := s.read(s.buf)
	if err != nil {
		return err
	}
	if s.check && bytes.Contains(p, []byte("error")) {
		return fmt.Errorf("the server answers an error: %.300q", p)
	}
	if s.frames {
		s.countFrames(p)
	} else {
		s.seen += bytes.Count(p, []byte{'\n'})
	}
	return nil
}

func (s *stream) countFrames(p []byte) {
	for len(p) > 0 {
		if s.left == 0 {
			n := copy(s.head[s.have:], p)
			p = p[n:]
			if s.have += n; s.have < len(s.head) {
				return
			}
			s.have, s.left = 0, int(binary.BigEndian.Uint32(s.head[:]))
		}
		n := min(s.left, len(p))
		p = p[n:]
		if s.left -= n; s.left == 0 {
			s.seen++
		}
	}
}

// messages cuts p, which ends with the end of one, into messages.
func messages(p []byte) (all [][]byte) {
	for len(p) > 0 {
		n := bytes.IndexByte(p, '\n') + 1
		if p[0] == 0 {
			n = 4 + int(binary.BigEndian.Uint32(p))
		}
		all = append(all, p[:n])
		p = p[n:]
	}
	return all
}
