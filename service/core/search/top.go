package search

import (
	"cmp"
	"container/heap"
	"slices"
)

// A candidate is a hit before its path is known.
type candidate struct {
	id    int64
	score float64
	value int64  // what is sorted by, where that is a number
	fold  string // folded name, which breaks ties
}

// An order compares candidates: the better is less.
type order struct {
	by   string // relevance, name, size, modified, created
	desc bool
}

func (o order) compare(a, b *candidate) int {
	c := 0
	switch o.by {
	case "relevance":
		c = cmp.Compare(a.score, b.score)
	case "name":
		c = cmp.Compare(a.fold, b.fold)
	default:
		c = cmp.Compare(a.value, b.value)
	}
	if o.desc {
		c = -c
	}
	if c == 0 {
		c = cmp.Compare(a.fold, b.fold)
	}
	if c == 0 {
		c = cmp.Compare(a.id, b.id)
	}
	return c
}

// A top keeps the best n candidates of any number, in n places of memory.
type top struct {
	order
	n    int
	kept []candidate // a heap, the worst first
}

func (t *top) Len() int           { return len(t.kept) }
func (t *top) Less(i, j int) bool { return t.compare(&t.kept[i], &t.kept[j]) > 0 }
func (t *top) Swap(i, j int)      { t.kept[i], t.kept[j] = t.kept[j], t.kept[i] }
func (t *top) Push(x any)         { t.kept = append(t.kept, x.(candidate)) }
func (t *top) Pop() any {
	last := t.kept[len(t.kept)-1]
	t.kept = t.kept[:len(t.kept)-1]
	return last
}

// offer keeps a candidate if it is among the best. Its name is copied only
// then.
func (t *top) offer(c candidate, fold []byte) {
	if len(t.kept) < t.n {
		c.fold = string(fold)
		heap.Push(t, c)
		return
	}
	if !t.better(&c, fold) {
		return
	}
	c.fold = string(fold)
	t.kept[0] = c
	heap.Fix(t, 0)
}

// better reports whether a candidate is better than the worst that is kept.
func (t *top) better(c *candidate, fold []byte) bool {
	worst := &t.kept[0]
	if t.by == "relevance" && c.score != worst.score {
		return (c.score > worst.score) == t.desc
	}
	if t.by != "relevance" && t.by != "name" && c.value != worst.value {
		return (c.value > worst.value) == t.desc
	}
	c.fold = string(fold)
	return t.compare(c, worst) < 0
}

// sorted returns what is kept, the best first.
func (t *top) sorted() []candidate {
	slices.SortFunc(t.kept, func(a, b candidate) int { return t.compare(&a, &b) })
	return t.kept
}
