package protocol

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
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

// text reads a string and returns it with its quotes.
func (s *jsonScanner) text() ([]byte, error) {
	start, escaped := s.pos, false
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			text := s.data[start:s.pos]
			switch {
			case !utf8.Valid(text):
				return nil, errUTF8
			case escaped && !jsontext.Value(text).IsValid(): // also half a surrogate pair
				_, err := jsontext.AppendUnquote(nil, text)
				return nil, fmt.Errorf("%s at byte %d", strings.TrimPrefix(err.Error(), "jsontext: "), start)
			}
			return text, nil
		case c == '\\':
			escaped = true
			s.pos++
		case c < ' ':
			return nil, s.unexpected()
		}
	}
	return nil, errCutOff
}

// unquote returns what text stands for, which the scanner has checked. Without
// escapes it is a part of text.
func unquote(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1]
	}
	plain, _ := jsontext.AppendUnquote(nil, text)
	return plain
}

func (s *jsonScanner) literal(word string) error {
	rest := s.data[s.pos:]
	for i := range len(word) {
		if i == len(rest) {
			return errCutOff
		}
		if rest[i] != word[i] {
			return s.unexpected()
		}
	}
	s.pos += len(word)
	return nil
}

// number reads a number.
func (s *jsonScanner) number() error {
	start, digits := s.pos, true
	for ; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		if c < '0' || c > '9' {
			if strings.IndexByte("+-.eE", c) < 0 {
				break
			}
			digits = false
		}
	}
	number := s.data[start:s.pos]
	if digits && len(number) > 0 && (number[0] != '0' || len(number) == 1) || jsontext.Value(number).IsValid() {
		return nil
	}
	if s.pos > start {
		return fmt.Errorf("%q at byte %d is not a number", Clip(number), start)
	}
	return s.unexpected()
}
