package mask

import (
	"unicode/utf8"
)

// unreadable stands in a canonical text for bytes that are not UTF-8, and for
// the character that programs put in their place.
const unreadable = 0xff

// A canon is a text without escapes: each of its bytes stands for a span of
// the text that it was made of.
type canon struct {
	text       string
	start, end []int
}

// canonical returns a text without escapes.
func canonical(s string) string { return decode(s).text }

// decode takes escapes off: of JSON, of Go's and C's quoted strings (\n, \x,
// octal, \u, \U), with any number of backslashes before, so that what was quoted
// twice is found too, and of URLs. Backslashes that escape nothing are left
// out, for it cannot be told of how many of them one stands. Two texts that
// stand for the same name have the same canonical form.
func decode(s string) canon {
	c := source(s)
	for _, step := range []func(string, int) ([]byte, int){unquote, unpercent, unslash, unbroken} {
		c = c.rewrite(step)
	}
	return c
}

// source returns s as it is.
func source(s string) canon {
	c := canon{text: s, start: make([]int, len(s)), end: make([]int, len(s))}
	for i := range len(s) {
		c.start[i], c.end[i] = i, i+1
	}
	return c
}

// rewrite has step say what stands at each place, and where that ends. Where
// that is nothing, it belongs to what comes next.
func (c canon) rewrite(step func(string, int) ([]byte, int)) canon {
	out := canon{start: make([]int, 0, len(c.text)), end: make([]int, 0, len(c.text))}
	text := make([]byte, 0, len(c.text))
	begin := 0
	for i := 0; i < len(c.text); {
		bytes, next := step(c.text, i)
		for _, b := range bytes {
			text = append(text, b)
			out.start, out.end = append(out.start, c.start[begin]), append(out.end, c.end[next-1])
		}
		if i = next; len(bytes) > 0 {
			begin = i
		}
	}
	out.text = string(text)
	return out
}

// unquote is the step that takes backslashes off.
func unquote(s string, i int) (text []byte, end int) {
	if s[i] != '\\' {
		return []byte{s[i]}, i + 1
	}
	end = i
	for end < len(s) && s[end] == '\\' {
		end++
	}
	if end == len(s) {
		return nil, end
	}
	if simple, ok := controls[s[end]]; ok {
		return []byte{simple}, end + 1
	}
	switch s[end] {
	case 'x':
		if n, ok := number(s, end+1, 2, 16); ok {
			return []byte{byte(n)}, end + 3
		}
	case 'U':
		if n, ok := number(s, end+1, 8, 16); ok {
			return utf8.AppendRune(nil, rune(n)), end + 9
		}
	case 'u':
		if n, ok := number(s, end+1, 4, 16); ok {
			return utf16(s, rune(n), end+5)
		}
	default:
		if n, ok := number(s, end, 3, 8); ok && n < 256 {
			return []byte{byte(n)}, end + 3
		}
	}
	return nil, end
}

// unpercent is the step that takes the escapes of URLs off.
func unpercent(s string, i int) (text []byte, end int) {
	end = i + 1
	if s[i] == '%' {
		if n, ok := number(s, end, 2, 16); ok {
			return []byte{byte(n)}, end + 2
		}
	}
	return []byte{s[i]}, end
}

// unslash is the step that leaves out the backslashes that were escaped.
func unslash(s string, i int) (text []byte, end int) {
	if s[i] == '\\' {
		return nil, i + 1
	}
	return []byte{s[i]}, i + 1
}

// unbroken is the step that puts one unreadable in the place of bytes that are
// not UTF-8, and of replacement characters, one after the other.
func unbroken(s string, i int) (text []byte, end int) {
	r, size := utf8.DecodeRuneInString(s[i:])
	if r != utf8.RuneError {
		return []byte(s[i : i+size]), i + size
	}
	for end = i; end < len(s); end += size {
		if r, size = utf8.DecodeRuneInString(s[end:]); r != utf8.RuneError {
			break
		}
	}
	return []byte{unreadable}, end
}

var controls = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '"': '"', '\'': '\'', '/': '/',
}

// utf16 returns the character of a \u escape that ends at end, together with
// the next one where it takes two.
func utf16(s string, r rune, end int) ([]byte, int) {
	if r >= 0xd800 && r < 0xdc00 {
		next := end
		for next < len(s) && s[next] == '\\' {
			next++
		}
		if next > end && next < len(s) && s[next] == 'u' {
			if low, ok := number(s, next+1, 4, 16); ok && low >= 0xdc00 && low < 0xe000 {
				return utf8.AppendRune(nil, (r-0xd800)<<10|(rune(low)-0xdc00)+0x10000), next + 5
			}
		}
	}
	return utf8.AppendRune(nil, r), end
}

func number(s string, at, digits, base int) (n int64, ok bool) {
	if at+digits > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[at : at+digits]) {
		d := 99
		switch {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c >= 'a' && c <= 'f':
			d = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = int(c-'A') + 10
		}
		if d >= base {
			return 0, false
		}
		n = n*int64(base) + int64(d)
	}
	return n, true
}
