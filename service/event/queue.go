package event

import "github.com/spacedrive-go/spacedrive/protocol"

// How much a subscriber may have waiting, of each stream.
const (
	queueEvents = 1024
	queueBytes  = 4 << 20
)

// A queue holds what a subscriber has not taken yet, oldest first. Progress of
// a job that waits is replaced by newer progress of it, and when the queue is
// full the oldest go and a gap stands in their place. Subscription.mu guards
// it.
type queue struct {
	items []queued // from head on
	head  int
	live  int // items that are not empty
	bytes int

	gap      protocol.Gap // before the items; From 0: none
	progress map[protocol.ID]int

	coalesced, dropped uint64 // events so far
}

// A queued is one place in a queue, empty where a later item stands for it.
type queued struct {
	rec    *record // nil: empty
	size   int     // of rec, encoded, in bytes, about
	stands uint64  // for so many events, itself among them
}

func (q *queue) empty() bool { return q.live == 0 && q.gap.From == 0 }

// full reports whether what is pushed next may push something else out.
func (q *queue) full() bool { return q.live >= queueEvents || q.bytes >= queueBytes }

// push adds r, which has about so many bytes when it is encoded, and makes room
// for it.
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

// remember notes the place that r is about to take as the one with its job's
// newest progress. Any other news of the job ends that: what comes after it
// must not stand for what came before.
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

// drop empties the place i.
func (q *queue) drop(i int) {
	q.bytes -= q.items[i].size
	q.live--
	q.items[i].rec = nil
}

// overflow lets the oldest item go and widens the gap by it.
func (q *queue) overflow() {
	q.dropped++
	seq := q.take().rec.seq
	if q.gap.From == 0 {
		q.gap = protocol.Gap{From: seq, Reason: protocol.GapOverflow}
	}
	if q.gap.Reason == protocol.GapFuture {
		q.gap.Reason = protocol.GapOverflow // what was still to come has come, and is lost
	}
	q.gap.To = seq
}

// take removes and returns the oldest item. There must be one.
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

// first returns the oldest item. There must be one.
func (q *queue) first() *queued {
	for q.items[q.head].rec == nil {
		q.head++
	}
	return &q.items[q.head]
}

// oldest returns the order of what take, or takeGap, will return.
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

// compact moves the items to the front and takes the empty places out.
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
