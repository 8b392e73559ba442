package event

import "github.com/spacedrive-go/spacedrive/protocol"

// Limits of the queue of a subscriber, for each stream.
const (
	queueEvents = 1024
	queueBytes  = 4 << 20
)

// A queue holds the records that a subscriber has not taken yet, oldest first.
// Newer progress of a job replaces queued progress of it. When the queue is full
// the oldest records are dropped, and a gap takes their place. Subscription.mu
// guards it.
type queue struct {
	items []queued // from head on
	head  int
	live  int // items that are not empty
	bytes int

	gap      protocol.Gap // precedes the items; none if From is 0
	progress map[protocol.ID]int

	coalesced, dropped uint64 // events in total
}

// A queued is a slot of a queue. It is empty if a later item replaced it.
type queued struct {
	rec    *record // nil: empty
	size   int     // approximate encoded size of rec, in bytes
	stands uint64  // how many events it stands for, itself included
}

func (q *queue) empty() bool { return q.live == 0 && q.gap.From == 0 }

// full reports whether the next push may drop an item.
func (q *queue) full() bool { return q.live >= queueEvents || q.bytes >= queueBytes }

// push appends r, whose encoded size is about size bytes, and drops items if the
// queue overflows.
func (q *queue) push(r *record, size int) {
	item := queued{rec: r, size: size, stands: 1}
	if r.ev.Type == protocol.JobUpdate {
		if old, ok := q.progress[r.ev.JobID]; ok && r.isProgress {
			item.stands += q.items[old].stands
			q.drop(old)
			q.coalesced++
		}
		q.remember(r)
	}
	q.items = append(q.items, item)
	q.live++
	q.bytes += size
	for q.live > 1 && (q.live > queueEvents || q.bytes > queueBytes) {
		q.overflow()
	}
	if empty := len(q.items) - q.head - q.live; q.head+empty > max(queueEvents, q.live) {
		q.compact()
	}
}

// remember records the slot that r will take as that of its job's newest
// progress. Any other event of the job ends coalescing: later progress must not
// replace progress from before it.
func (q *queue) remember(r *record) {
	if !r.isProgress {
		delete(q.progress, r.ev.JobID)
		return
	}
	if q.progress == nil {
		q.progress = make(map[protocol.ID]int)
	}
	q.progress[r.ev.JobID] = len(q.items)
}

// drop empties slot i.
func (q *queue) drop(i int) {
	q.bytes -= q.items[i].size
	q.live--
	q.items[i].rec = nil
}

// overflow drops the oldest item and extends the gap over it.
func (q *queue) overflow() {
	q.dropped++
	seq := q.take().rec.seq
	if q.gap.From == 0 {
		q.gap = protocol.Gap{From: seq, Reason: protocol.GapOverflow}
	}
	if q.gap.Reason == protocol.GapFuture {
		q.gap.Reason = protocol.GapOverflow // the future events have come, and this one is lost
	}
	q.gap.To = seq
}

// take removes and returns the oldest item. The queue must not be empty.
func (q *queue) take() queued {
	item := *q.first()
	if item.rec.isProgress && q.progress[item.rec.ev.JobID] == q.head {
		delete(q.progress, item.rec.ev.JobID)
	}
	q.drop(q.head)
	q.head++
	if q.live == 0 {
		q.items, q.head = q.items[:0], 0
		clear(q.progress)
	}
	return item
}

// first returns the oldest item. The queue must not be empty.
func (q *queue) first() *queued {
	for q.items[q.head].rec == nil {
		q.head++
	}
	return &q.items[q.head]
}

// oldest returns the order of the next item, 0 for a gap.
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

// compact removes the empty slots.
func (q *queue) compact() {
	kept := q.items[:0]
	for i, item := range q.items[q.head:] {
		if item.rec == nil {
			continue
		}
		if place, ok := q.progress[item.rec.ev.JobID]; item.rec.isProgress && ok && place == q.head+i {
			q.progress[item.rec.ev.JobID] = len(kept)
		}
		kept = append(kept, item)
	}
	clear(q.items[len(kept):])
	q.items, q.head = kept, 0
}
