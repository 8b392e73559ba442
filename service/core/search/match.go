package search

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A pattern is a query ready to be compared with names.
type pattern struct {
	words [][]byte // folded; the longest first, as it is the rarest
	whole []byte   // the words in the query's order, joined by a space
}

func newPattern(query string) pattern {
	var p pattern
	for _, word := range strings.Fields(query) {
		if w := appendFold(nil, []byte(word), nil); len(w) > 0 {
			p.words = append(p.words, w)
		}
	}
	p.whole = bytes.Join(p.words, []byte(" "))
	slices.SortStableFunc(p.words, func(a, b []byte) int { return len(b) - len(a) })
	return p
}

// Scores by how a name fits; the share of the name that the query makes up
// is added, scaled to the room below the next, so a shorter name is better.
const (
	scoreExact    = 1.0
	scorePrefix   = 0.7
	scoreBoundary = 0.4
	scoreInside   = 0.1
	scoreRoom     = 0.25
)

// score tells how well a folded name fits, and 0 where it does not.
func (p *pattern) score(name []byte) float64 {
	if len(p.words) == 0 {
		return scoreExact
	}
	boundary := true
	matched := 0
	for _, word := range p.words {
		at := bytes.Index(name, word)
		if at < 0 {
			return 0
		}
		matched += len(word)
		boundary = boundary && atBoundary(name, word, at)
	}
	share := scoreRoom * float64(min(matched, len(name))) / float64(len(name)+1)
	switch {
	case bytes.Equal(name, p.whole):
		return scoreExact
	case bytes.HasPrefix(name, p.whole):
		return scorePrefix + share
	case boundary:
		return scoreBoundary + share
	}
	return scoreInside + share
}

// atBoundary reports whether word stands somewhere in name, from the place
// at on, at the beginning of a word.
func atBoundary(name, word []byte, at int) bool {
	for {
		if startsWord(name, at) {
			return true
		}
		next := bytes.Index(name[at+1:], word)
		if next < 0 {
			return false
		}
		at += 1 + next
	}
}

func startsWord(name []byte, at int) bool {
	if at == 0 {
		return true
	}
	if c := name[at-1]; c < utf8.RuneSelf {
		letter := 'a' <= c && c <= 'z'
		digit := '0' <= c && c <= '9'
		first := name[at]
		return !letter && !digit || digit != ('0' <= first && first <= '9') && first < utf8.RuneSelf
	}
	before, _ := utf8.DecodeLastRune(name[:at])
	return !unicode.IsLetter(before) && !unicode.IsDigit(before)
}

// highlights returns the parts of name that the words stand in: all places,
// in order, those that touch joined.
func (p *pattern) highlights(name []byte) []api.Highlight {
	out := []api.Highlight{}
	var starts []int
	folded := appendFold(nil, name, &starts)
	starts = append(starts, len(name))
	for _, word := range p.words {
		for from := 0; ; {
			at := bytes.Index(folded[from:], word)
			if at < 0 {
				break
			}
			at += from
			from = at + len(word)
			// The end is that of the last character: the marks after it
			// belong to it, and one that folds to more is taken whole.
			end := from
			for end < len(folded) && starts[end] == starts[from-1] {
				end++
			}
			out = append(out, api.Highlight{Start: starts[at], End: starts[end]})
		}
	}
	slices.SortFunc(out, func(a, b api.Highlight) int { return a.Start - b.Start })
	joined := out[:0]
	for _, h := range out {
		if last := len(joined) - 1; last >= 0 && h.Start <= joined[last].End {
			joined[last].End = max(joined[last].End, h.End)
			continue
		}
		joined = append(joined, h)
	}
	return joined
}
