package event

import "github.com/spacedrive-go/spacedrive/protocol"

// How much a queue holds. A subscription has one for each stream.
const (
	queueEvents = 1024
	queueBytes  = 4 << 20
)

// A queue holds what a subscriber has not taken yet, oldest first. Progress
// replaces older progress of its chain. When the queue is full, it drops the
// oldest events and puts a gap in their place. Subscription.mu guards it.
type queue struct {
	items []queued // from head on
	head  int
	live  int // items that are not empty
	bytes int

	gap      protocol.Gap   // before the items; From 0: none
	progress map[uint64]int // the item of each chain

	coalesced, dropped uint64 // events so far
}

// A queued is one item of a queue. It is empty once newer progress replaced it.
type queued struct {
	rec       *record // nil: empty
	size      int     // of rec
	coalesced uint64  // how many events it replaces, including itself
}

func (q *queue) empty() bool { return q.live == 0 && q.gap.From == 0 }

// full reports whether the next push may drop an event.
func (q *queue) full() bool { return q.live >= queueEvents || q.bytes >= queueBytes }

// push adds r and makes room for it. Bus.mu is held, too.
func (q *queue) push(r *record) {
	item := queued{rec: r, size: r.size(), coalesced: 1}
	if r.chain != 0 {
		if old, ok := q.progress[r.chain]; ok {
			item.coalesced += q.items[old].coalesced
			q.drop(old)
			q.coalesced++
		}
		if q.progress == nil {
			q.progress = make(map[uint64]int)
		}
		q.progress[r.chain] = len(q.items)
	}
	q.items = append(q.items, item)
	q.live++
	q.bytes += item.size
	for q.live > 1 && (q.live > queueEvents || q.bytes > queueBytes) {
		q.overflow()
	}
	if empty := len(q.items) - q.head - q.live; q.head+empty > max(queueEvents, q.live) {
		q.compact()
	}
}

// drop empties the item at i.
func (q *queue) drop(i int) {
	q.bytes -= q.items[i].size
	q.live--
	q.items[i].rec = nil
}

// overflow drops the oldest item and extends the gap to it.
func (q *queue) overflow() {
	q.dropped++
	seq := q.take().rec.seq
	if q.gap.From == 0 {
		q.gap = protocol.Gap{From: seq, Reason: protocol.GapOverflow}
	}
	if q.gap.Reason == protocol.GapFuture {
		q.gap.Reason = protocol.GapOverflow // events of that future were published, and dropped
	}
	q.gap.To = seq
}

// take removes and returns the oldest item. There must be one.
func (q *queue) take() queued {
	item := *q.first()
	if item.rec.chain != 0 {
		delete(q.progress, item.rec.chain)
	}
	q.drop(q.head)
	q.head++
	if q.live == 0 {
		q.items, q.head = q.items[:0], 0
	}
	return item
}

// first returns the oldest item. There must be one.
func (q *queue) first() *queued {
	for q.items[q.head].rec == nil {
		q.head++
	}
	return &q.items[q.head]
}

// oldest returns the order of the oldest item, 0 for a gap. There must be one.
func (q *queue) oldest() uint64 {
	if q.gap.From != 0 {
		return 0
	}
	return q.first().rec.order
}

func (q *queue) takeGap() protocol.Gap {
	g := q.gap
	q.gap = protocol.Gap{}
	return g
}

// compact moves the items to the front and removes the empty ones.
func (q *queue) compact() {
	kept := q.items[:0]
	for _, item := range q.items[q.head:] {
		if item.rec == nil {
			continue
		}
		if item.rec.chain != 0 {
			q.progress[item.rec.chain] = len(kept)
		}
		kept = append(kept, item)
	}
	clear(q.items[len(kept):])
	q.items, q.head = kept, 0
}
