package cddl

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A token is a name, a literal, a control operator, or a mark.
type token struct {
	kind  tokenKind
	text  string // of a name, a control without its dot, a mark
	value any    // of a literal
	line  int
	space bool // white space or a comment stands before it
}

type tokenKind int

const (
	end tokenKind = iota
	name
	literal
	control
	mark
)

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case literal:
		return fmt.Sprintf("%v", t.value)
	}
	return t.text
}

// marks are those of more than one character before their beginnings.
var marks = []string{"...", "..", "//=", "//", "/=", "/", "=>", "=", "^", ":", ",", "(", ")", "{", "}", "[", "]", "<", ">", "*", "+", "?", "&", "~"}

// lex cuts a schema into tokens, the last of which is the end.
func lex(text string) ([]token, error) {
	var tokens []token
	line, space := 1, false
	for pos := 0; ; {
		rest := text[pos:]
		t := token{line: line, space: space}
		n := 0
		switch {
		case rest == "":
			return append(tokens, t), nil
		case rest[0] == '\n':
			line++
			fallthrough
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			pos, space = pos+1, true
			continue
		case rest[0] == ';':
			pos, space = pos+strings.IndexByte(rest+"\n", '\n'), true
			continue
		case nameLength(rest) > 0 && !isBytes(rest):
			n = nameLength(rest)
			t.kind, t.text = name, rest[:n]
		case rest[0] == '.' && nameLength(rest[1:]) > 0:
			n = 1 + nameLength(rest[1:])
			t.kind, t.text = control, rest[1:n]
		default:
			var err error
			if t.value, n, err = lexLiteral(rest); err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			t.kind = literal
			if n == 0 {
				t.kind, t.text = mark, lexMark(rest)
				n = len(t.text)
			}
			if n == 0 {
				return nil, fmt.Errorf("line %d: what is %.20q?", line, rest)
			}
		}
		tokens = append(tokens, t)
		pos, space = pos+n, false
	}
}

func lexMark(text string) string {
	for _, m := range marks {
		if strings.HasPrefix(text, m) {
			return m
		}
	}
	return ""
}

func isAlpha(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '@' || c == '_' || c == '$'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// nameLength returns how long a name text begins with: letters, digits, and
// dots and hyphens within.
func nameLength(text string) int {
	if text == "" || !isAlpha(text[0]) {
		return 0
	}
	last := 1
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case isAlpha(c) || isDigit(c):
			last = i + 1
		case c != '-' && c != '.':
			return last
		}
	}
	return last
}

func isBytes(text string) bool {
	return strings.HasPrefix(text, "h'") || strings.HasPrefix(text, "b64'")
}

// lexLiteral returns the literal that text begins with, and its length, 0
// where there is none.
func lexLiteral(text string) (value any, length int, err error) {
	switch {
	case text[0] == '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				s, err := jsontext.AppendUnquote(nil, text[:i+1])
				return string(s), i + 1, err
			}
		}
		return nil, 0, fmt.Errorf("a text without an end")
	case isBytes(text) || text[0] == '\'':
		kind, rest, _ := strings.Cut(text, "'")
		body, _, closed := strings.Cut(rest, "'")
		if !closed {
			return nil, 0, fmt.Errorf("bytes without an end")
		}
		decode := func(s string) ([]byte, error) { return []byte(s), nil }
		switch kind {
		case "h":
			decode = hex.DecodeString
		case "b64":
			decode = base64.StdEncoding.DecodeString
		}
		b, err := decode(body)
		return b, len(kind) + len(body) + 2, err
	case isDigit(text[0]) || text[0] == '-' && len(text) > 1 && isDigit(text[1]):
		return lexNumber(text)
	}
	return nil, 0, nil
}

func lexNumber(text string) (value any, length int, err error) {
	n := 1
	for n < len(text) && (isDigit(text[n]) || isAlpha(text[n]) ||
		text[n] == '.' && n+1 < len(text) && isDigit(text[n+1]) ||
		(text[n] == '-' || text[n] == '+') && (text[n-1] == 'e' || text[n-1] == 'E')) {
		n++
	}
	if i, err := strconv.ParseInt(text[:n], 0, 64); err == nil {
		return i, n, nil
	}
	if u, err := strconv.ParseUint(text[:n], 0, 64); err == nil {
		return u, n, nil
	}
	f, err := strconv.ParseFloat(text[:n], 64)
	return f, n, err
}
