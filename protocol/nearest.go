package protocol

import "strings"

// Nearest returns the candidate that word most likely is a misspelling of, or "".
func Nearest(word string, candidates []string) string {
	const longest = 64 // characters; longer ones are not compared
	a := []rune(strings.ToLower(word))
	if len(a) > longest {
		return ""
	}
	best, bestDistance := "", len(a)/3+2
	for _, c := range candidates {
		if b := []rune(strings.ToLower(c)); len(b) <= longest {
			if d := distance(a, b); d < bestDistance {
				best, bestDistance = c, d
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
