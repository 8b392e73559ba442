package search

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A name and a query are compared in folded form: decomposed (NFKD), without
// nonspacing marks, case-folded. Each character folds by itself, so a part of
// the folded form is a part of the name. Bytes that are not UTF-8 stay.

// foldRune returns the folded form of one character beyond ASCII.
func foldRune(r rune) string {
	if r >= 0x3400 && r < 0xa000 {
		return "" // see appendRune
	}
	if s, ok := folded.Load(r); ok {
		return s.(string)
	}
	var kept []rune
	for _, c := range norm.NFKD.String(string(r)) {
		if !unicode.Is(unicode.Mn, c) {
			kept = append(kept, c)
		}
	}
	s := cases.Fold().String(string(kept))
	folded.Store(r, s)
	return s
}

// folded holds the folded form of characters met so far, at most one entry for
// each in Unicode.
var folded sync.Map

func appendRune(dst []byte, r rune) []byte {
	if r >= 0x3400 && r < 0xa000 { // ideographs fold to themselves
		return utf8.AppendRune(dst, r)
	}
	return append(dst, foldRune(r)...)
}

// appendFold appends the folded form of name. Where starts is not nil, it gets
// for each appended byte the place in name of the character it is of.
func appendFold(dst, name []byte, starts *[]int) []byte {
	for i := 0; i < len(name); {
		before := len(dst)
		size := 1
		if c := name[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		} else {
			var r rune
			r, size = utf8.DecodeRune(name[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, c)
			} else {
				dst = appendRune(dst, r)
			}
		}
		if starts != nil {
			for range len(dst) - before {
				*starts = append(*starts, i)
			}
		}
		i += size
	}
	return dst
}

// appendFoldFast is appendFold for names that are mostly ASCII.
func appendFoldFast(dst, name []byte) []byte {
	for i, c := range name {
		if c >= utf8.RuneSelf {
			return appendFold(dst, name[i:], nil)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
