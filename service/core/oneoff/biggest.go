package oneoff

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// maxBiggest is how many of the biggest files a scan shows.
const maxBiggest = 20

// biggest are the biggest files so far, the smallest of them first, as a heap.
type biggest []api.ScannedFile

// add adds a file if it is among the biggest.
func (b *biggest) add(folder string, e *found) {
	if len(*b) == maxBiggest && e.Size < (*b)[0].Size {
		return
	}
	heap.Push(b, api.ScannedFile{
		Path: api.Path(entries.Join(folder, e.name)), Size: e.Size, Kind: e.kind.String(), ModifiedAt: time.Unix(0, e.Modified).UTC(),
	})
	if len(*b) > maxBiggest {
		heap.Pop(b)
	}
}

// sorted returns the files, the biggest first.
func (b biggest) sorted() []api.ScannedFile {
	all := append([]api.ScannedFile{}, b...)
	slices.SortFunc(all, func(x, y api.ScannedFile) int { return -order(&x, &y) })
	return all
}

// order compares files by size, and among equals by path, the first last.
func order(x, y *api.ScannedFile) int {
	return cmp.Or(cmp.Compare(x.Size, y.Size), strings.Compare(string(y.Path), string(x.Path)))
}

func (b biggest) Len() int           { return len(b) }
func (b biggest) Less(i, j int) bool { return order(&b[i], &b[j]) < 0 }
func (b biggest) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *biggest) Push(x any)        { *b = append(*b, x.(api.ScannedFile)) }
func (b *biggest) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}
