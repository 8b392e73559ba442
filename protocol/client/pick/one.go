package pick

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// One returns the one of things that word means: the one with this name (or
// another of its names), ignoring case where only one fits then, or the one with
// this id or beginning of an id. what is the noun for errors, such as "library".
//
// The error is not_found, with a hint, where nothing fits, and validation where
// several do.
func One[T any](what, word string, things []T, names func(T) (protocol.ID, []string)) (T, error) {
	var none T
	named := func(same func(a, b string) bool) func(protocol.ID, []string) bool {
		return func(_ protocol.ID, names []string) bool {
			return word != "" && slices.ContainsFunc(names, func(n string) bool { return same(n, word) })
		}
	}
	byID := func(id protocol.ID, _ []string) bool { return hasPrefix(id, word) }
	equal := func(a, b string) bool { return a == b }
	for _, fits := range []func(protocol.ID, []string) bool{named(equal), named(strings.EqualFold), byID} {
		var found []T
		for _, thing := range things {
			if fits(names(thing)) {
				found = append(found, thing)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return none, ambiguous(what, word, found, names)
		}
	}
	var all []string
	for _, thing := range things {
		_, n := names(thing)
		all = append(all, n...)
	}
	err := protocol.Errorf(protocol.NotFound, "no %s %q", what, word).With(what, word)
	if near := protocol.Nearest(word, all); near != "" {
		return none, err.WithHint("did you mean %q?", near)
	}
	if len(things) == 0 {
		return none, err.WithHint("there is none yet")
	}
	return none, err.WithHint("see: spacedrive %s list", what)
}

func ambiguous[T any](what, word string, found []T, names func(T) (protocol.ID, []string)) error {
	const most = 5
	var ids []string
	for _, thing := range found[:min(most, len(found))] {
		id, n := names(thing)
		ids = append(ids, strings.Join(append([]string{id.String()}, n[:min(1, len(n))]...), " "))
	}
	return protocol.Invalid(what, "%q fits %d of them", word, len(found)).WithHint("say more of the id: %s", strings.Join(ids, "; "))
}

// hasPrefix reports whether id, with or without its dashes, begins with prefix.
func hasPrefix(id protocol.ID, prefix string) bool {
	prefix = strings.ToLower(strings.ReplaceAll(prefix, "-", ""))
	return prefix != "" && strings.HasPrefix(hex.EncodeToString(id[:]), prefix)
}

// ShortIDs returns the shortest beginnings of the things' ids that tell them apart,
// all of one length and no shorter than eight digits.
func ShortIDs[T any](things []T, id func(T) protocol.ID) []string {
	const least = 8
	length := least
	for seen := make(map[string]protocol.ID); length < 36; length++ {
		clear(seen)
		if !slices.ContainsFunc(things, func(t T) bool {
			s := id(t).String()[:length]
			other, ok := seen[s]
			seen[s] = id(t)
			return ok && other != id(t)
		}) {
			break
		}
	}
	short := make([]string, len(things))
	for i, t := range things {
		short[i] = strings.TrimSuffix(id(t).String()[:length], "-")
	}
	return short
}
