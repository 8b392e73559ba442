package main

import (
	"encoding/hex"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// pick returns the one of things that word means: the one with this name (or
// another of its names), without regard to case where that is clear, or with
// this id or beginning of an id.
func pick[T any](what, word string, things []T, names func(T) (protocol.ID, []string)) (T, error) {
	var none T
	matches := func(fits func(id protocol.ID, names []string) bool) []T {
		var found []T
		for _, thing := range things {
			if fits(names(thing)) {
				found = append(found, thing)
			}
		}
		return found
	}
	for _, fits := range []func(protocol.ID, []string) bool{
		func(_ protocol.ID, names []string) bool {
			return anyOf(names, func(n string) bool { return n == word })
		},
		func(_ protocol.ID, names []string) bool {
			return anyOf(names, func(n string) bool { return strings.EqualFold(n, word) })
		},
		func(id protocol.ID, _ []string) bool { return hasPrefix(id, word) },
	} {
		found := matches(fits)
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return none, ambiguous(what, word, found, names)
		}
	}
	err := protocol.Errorf(protocol.NotFound, "no %s %q", what, word).With(what, word)
	var all []string
	for _, thing := range things {
		_, n := names(thing)
		all = append(all, n...)
	}
	if near := nearest(word, all); near != "" {
		err.WithHint("did you mean %q?", near)
	} else if len(things) == 0 {
		err.WithHint("there is none yet")
	} else {
		err.WithHint("see: spacedrive %s list", what)
	}
	return none, err
}

func ambiguous[T any](what, word string, found []T, names func(T) (protocol.ID, []string)) error {
	const most = 5
	var ids []string
	for i, thing := range found {
		if i == most {
			ids = append(ids, "…")
			break
		}
		id, n := names(thing)
		s := id.String()
		if len(n) > 0 {
			s += " " + n[0]
		}
		ids = append(ids, s)
	}
	return usageError{protocol.Invalid(what, "%q fits %d of them", word, len(found)).WithHint("say more of the id: %s", strings.Join(ids, "; "))}
}

func anyOf(names []string, fits func(string) bool) bool {
	for _, n := range names {
		if n != "" && fits(n) {
			return true
		}
	}
	return false
}

// hasPrefix reports whether id, with or without its dashes, begins with prefix.
func hasPrefix(id protocol.ID, prefix string) bool {
	prefix = strings.ToLower(strings.ReplaceAll(prefix, "-", ""))
	return prefix != "" && strings.HasPrefix(hex.EncodeToString(id[:]), prefix)
}

// shortIDs returns the shortest beginnings of ids that tell them apart, all of
// one length and no shorter than eight digits.
func shortIDs(ids []protocol.ID) []string {
	const least = 8
	length := least
	seen := make(map[string]protocol.ID)
	for length < 36 {
		clear(seen)
		twice := false
		for _, id := range ids {
			s := id.String()[:length]
			other, ok := seen[s]
			twice = twice || ok && other != id
			seen[s] = id
		}
		if !twice {
			break
		}
		length++
	}
	short := make([]string, len(ids))
	for i, id := range ids {
		short[i] = strings.TrimSuffix(id.String()[:length], "-")
	}
	return short
}

// nearest returns the name that word most likely is a slip of, or "".
func nearest(word string, names []string) string {
	const longest = 64 // characters; no slip is made in anything longer
	a := []rune(strings.ToLower(word))
	if len(a) > longest {
		return ""
	}
	best, bestDistance := "", len(a)/3+2
	for _, name := range names {
		if b := []rune(strings.ToLower(name)); len(b) <= longest {
			if d := distance(a, b); d < bestDistance {
				best, bestDistance = name, d
			}
		}
	}
	return best
}

// distance is the Levenshtein distance between a and b.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
