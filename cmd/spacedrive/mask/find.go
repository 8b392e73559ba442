package mask

import "unicode/utf8"

// A node is a place in the tree of all names that are looked for.
type node struct {
	next    map[byte]*node
	token   string // of the name that ends here, "" where none does
	bounded bool   // that name is masked where it stands alone only
}

func (n *node) add(name, token string, bounded bool) {
	for i := range len(name) {
		if n.next == nil {
			n.next = make(map[byte]*node)
		}
		below := n.next[name[i]]
		if below == nil {
			below = new(node)
			n.next[name[i]] = below
		}
		n = below
	}
	if n.token == "" {
		n.token, n.bounded = token, bounded
	}
}

// at returns the longest name that stands at i of a canonical text, and where
// it ends.
func (n *node) at(text string, i int) (token string, end int) {
	free := i == 0 || !wordBefore(text, i)
	for j := i; j < len(text); j++ {
		if n = n.next[text[j]]; n == nil {
			break
		}
		if n.token != "" && (!n.bounded || free && !wordAfter(text, j+1)) {
			token, end = n.token, j+1
		}
	}
	return token, end
}

// wordBefore reports whether a letter or digit stands before i.
func wordBefore(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return wordRune(r)
}

func wordAfter(text string, i int) bool {
	if i == len(text) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return wordRune(r)
}
