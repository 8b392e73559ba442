package protocol

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// scanJSON checks that line is one JSON object by RFC 8259 — with the further
// rules of RFC 7493 (I-JSON) that keys are unique, and text is UTF-8 without
// lone surrogates — within MaxNesting and MaxElements. It appends the object's
// members to dst. The members' values are checked completely.
func scanJSON(line []byte, dst []member) ([]member, error) {
	s := jsonScanner{data: line}
	if s.next() != '{' {
		return dst, errNotObject
	}
	var keys keySet
	for n := 0; ; n++ {
		m, more, err := s.member(n, 1, &keys)
		if err != nil {
			return dst, err
		}
		if !more {
			return dst, s.end()
		}
		dst = append(dst, m)
	}
}

// checkJSON checks that data is one JSON value by the rules of scanJSON.
func checkJSON(data []byte) error {
	s := jsonScanner{data: data}
	if err := s.value(1); err != nil {
		return err
	}
	return s.end()
}

// end checks that only white space remains.
func (s *jsonScanner) end() error {
	s.space()
	if s.pos < len(s.data) {
		return s.unexpected()
	}
	return nil
}

type jsonScanner struct {
	data []byte
	pos  int
}

func (s *jsonScanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// next skips white space and returns the next byte without consuming it, 0 at the
// end.
func (s *jsonScanner) next() byte {
	s.space()
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

func (s *jsonScanner) unexpected() error {
	if s.pos >= len(s.data) {
		return errCutOff
	}
	r, size := utf8.DecodeRune(s.data[s.pos:])
	if r == utf8.RuneError && size == 1 {
		return errUTF8
	}
	return fmt.Errorf("unexpected %q at byte %d", r, s.pos)
}

func (s *jsonScanner) value(depth int) error {
	switch c := s.next(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		_, err := s.text()
		return err
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

func (s *jsonScanner) object(depth int) error {
	var keys keySet
	for n := 0; ; n++ {
		if _, more, err := s.member(n, depth, &keys); err != nil || !more {
			return err
		}
	}
}

// member reads the n-th member of an object, counted from 0, with the brace or
// comma before it. If there is none it reads the closing brace.
func (s *jsonScanner) member(n, depth int, keys *keySet) (m member, more bool, err error) {
	if n == 0 {
		if depth > MaxNesting {
			return m, false, errNesting
		}
		s.pos++
	}
	c := s.next()
	if c == '}' {
		s.pos++
		return m, false, nil
	}
	if n > 0 {
		if c != ',' {
			return m, false, s.unexpected()
		}
		s.pos++
		c = s.next()
	}
	switch {
	case n == MaxElements:
		return m, false, errElements
	case c != '"':
		return m, false, s.unexpected()
	}
	raw, err := s.text()
	if err != nil {
		return m, false, err
	}
	m.key = unquote(raw)
	if !keys.add(m.key) {
		return m, false, errTwice(m.key)
	}
	if s.next() != ':' {
		return m, false, s.unexpected()
	}
	s.pos++
	s.space()
	start := s.pos
	if err := s.value(depth + 1); err != nil {
		return m, false, err
	}
	m.value = s.data[start:s.pos]
	return m, true, nil
}

func (s *jsonScanner) array(depth int) error {
	if depth > MaxNesting {
		return errNesting
	}
	s.pos++
	if s.next() == ']' {
		s.pos++
		return nil
	}
	for n := 1; ; n++ {
		if n > MaxElements {
			return errElements
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return nil
		default:
			return s.unexpected()
		}
	}
}

// text reads a string and returns the bytes between its quotes.
func (s *jsonScanner) text() ([]byte, error) {
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.unexpected()
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return nil, errUTF8
			}
			s.pos += size
		}
	}
	return nil, errCutOff
}

func (s *jsonScanner) escape() error {
	if s.pos+1 >= len(s.data) {
		return errCutOff
	}
	s.pos++
	switch s.data[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return nil
	case 'u':
		r, ok := hex4(s.data[s.pos+1:])
		if !ok {
			return fmt.Errorf("an escape at byte %d that is no \\uXXXX", s.pos-1)
		}
		s.pos += 5
		if !utf16.IsSurrogate(r) {
			return nil
		}
		if s.pos+1 < len(s.data) && s.data[s.pos] == '\\' && s.data[s.pos+1] == 'u' {
			if low, ok := hex4(s.data[s.pos+2:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				s.pos += 6
				return nil
			}
		}
		return fmt.Errorf("half a surrogate pair at byte %d", s.pos-6)
	}
	return s.unexpected()
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unquote replaces the escapes in b, which text has returned. Without escapes it
// returns b itself.
func unquote(b []byte) []byte {
	i := 0
	for i < len(b) && b[i] != '\\' {
		i++
	}
	if i == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		i++
		switch c := b[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(b[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := hex4(b[i+3:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
		i++
	}
	return out
}

func (s *jsonScanner) literal(word string) error {
	for i := range len(word) {
		if s.pos+i >= len(s.data) {
			return errCutOff
		}
		if s.data[s.pos+i] != word[i] {
			s.pos += i
			return s.unexpected()
		}
	}
	s.pos += len(word)
	return nil
}

// number reads a number: -? int frac? exp?
func (s *jsonScanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return s.unexpected()
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.unexpected()
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.unexpected()
		}
	}
	return nil
}

func (s *jsonScanner) peek() byte {
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

func (s *jsonScanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
