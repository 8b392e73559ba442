package client

import (
	"io"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// How much a subscription holds for a reader that is behind. The daemon's ring
// of past events (8,192) fits, so a replay is not cut by a reader that starts
// slowly.
const (
	maxQueued      = 16 << 10 // messages
	maxQueuedBytes = 16 << 20 // as received
)

// A queued is a message that the reader has not taken yet.
type queued struct {
	Message
	size int // as received
}

// take returns the next message, if there is one.
func (s *Subscription) take() (m Message, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, gap := range []*protocol.Gap{&s.gap, &s.logGap} {
		if *gap != (protocol.Gap{}) {
			lost := *gap
			*gap = protocol.Gap{}
			return Message{Gap: &lost}, true, nil
		}
	}
	if len(s.queue) == 0 {
		if s.ended {
			s.notify() // for another that waits
			return Message{}, false, s.err
		}
		return Message{}, false, nil
	}
	return s.pop(), true, nil
}

func (s *Subscription) pop() Message {
	q := s.queue[0]
	s.queue[0] = queued{}
	s.queue = s.queue[1:]
	s.bytes -= q.size
	return q.Message
}

// put takes in what the daemon sends for the subscription. It never blocks. It
// returns false where nothing more will come on this connection.
func (s *Subscription) put(r *protocol.Reply, size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return r.Type != protocol.TypeEnd
	}
	switch {
	case r.Type == protocol.TypeEnd && r.Reason == reasonShutdown && !s.raw && !s.leaving:
		s.stopped = true // and resumes when the connection ends
		return true
	case r.Type == protocol.TypeEnd:
		s.end(r.Reason, io.EOF)
		return false
	case r.Type == protocol.TypeEvent && r.Event != nil:
		if s.sawEvent(r.Event) {
			s.push(Message{Event: r.Event}, size)
		}
	case r.Type == protocol.TypeGap && r.Gap != nil:
		s.sawGap(r.Gap)
		s.push(Message{Gap: r.Gap}, size)
	case r.Type == protocol.TypeHeartbeat:
		s.at.Seq = max(s.at.Seq, r.Seq)
		s.heartbeat(r.Seq, size)
	}
	return true
}

// heartbeat queues a heartbeat where the caller has asked for them.
func (s *Subscription) heartbeat(seq uint64, size int) {
	if s.req.HeartbeatMS == 0 {
		return
	}
	if last := len(s.queue) - 1; last >= 0 && s.queue[last].Heartbeat {
		s.queue[last].Seq = seq // it says all that the one before did
		return
	}
	s.push(Message{Heartbeat: true, Seq: seq}, size)
}

// push queues a message, and lets the oldest go where there are too many.
func (s *Subscription) push(m Message, size int) {
	s.queue = append(s.queue, queued{Message: m, size: size})
	s.bytes += size
	for len(s.queue) > 1 && (len(s.queue) > maxQueued || s.bytes > maxQueuedBytes) {
		s.lose(s.pop())
	}
	s.notify()
}

// lose adds a message that overflow dropped to the gaps.
func (s *Subscription) lose(m Message) {
	widen := func(from, to *uint64, low, high uint64) {
		if high == 0 {
			return
		}
		if *from == 0 || low < *from {
			*from = low
		}
		*to = max(*to, high)
	}
	if e := m.Event; e != nil {
		widen(&s.gap.From, &s.gap.To, e.Seq, e.Seq)
		widen(&s.logGap.LogFrom, &s.logGap.LogTo, e.LogSeq, e.LogSeq)
	}
	if g := m.Gap; g != nil {
		into := &s.gap
		if g.LogFrom > 0 {
			into = &s.logGap
		}
		if g.Reason == protocol.GapRestarted {
			*into = *g // the numbers before it are of another start
			return
		}
		widen(&into.From, &into.To, g.From, g.To)
		widen(&into.LogFrom, &into.LogTo, g.LogFrom, g.LogTo)
	}
	for _, gap := range []*protocol.Gap{&s.gap, &s.logGap} {
		if *gap != (protocol.Gap{}) && gap.Reason != protocol.GapRestarted {
			gap.Reason = protocol.GapOverflow
		}
	}
}
