package registry

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Failures counts failures by their code. Its zero value is ready for use.
type Failures struct {
	mu    sync.Mutex
	count map[protocol.Code]uint64
}

// Add counts one failure.
func (f *Failures) Add(code protocol.Code) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil {
		f.count = make(map[protocol.Code]uint64)
	}
	f.count[code]++
}

// Counts returns how many failures of each code there have been.
func (f *Failures) Counts() map[protocol.Code]uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.count)
}

// CallBounds are the upper bounds of the buckets of a Tally's histogram.
var CallBounds = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond,
	500 * time.Millisecond, 2500 * time.Millisecond, 10 * time.Second, time.Minute,
}

// A Tally counts a method's calls by outcome, and keeps a histogram of the
// durations of those that ran on a goroutine of their own.
type Tally struct {
	OK     atomic.Uint64
	Failed Failures

	took [len(CallBounds) + 1]atomic.Uint64 // the last is for longer ones
	sum  atomic.Int64                       // nanoseconds in total
}

// Took adds the duration of a call.
func (t *Tally) Took(d time.Duration) {
	i := 0
	for i < len(CallBounds) && d > CallBounds[i] {
		i++
	}
	t.took[i].Add(1)
	t.sum.Add(int64(d))
}

// Times returns the number of durations added by Took, their sum, and how many
// were at most each of CallBounds.
func (t *Tally) Times() (count uint64, sum time.Duration, within [len(CallBounds)]uint64) {
	sum = time.Duration(t.sum.Load())
	for i := range t.took {
		count += t.took[i].Load()
		if i < len(within) {
			within[i] = count
		}
	}
	return count, sum, within
}
