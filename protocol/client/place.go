package client

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

const (
	// logRing is how many log lines a daemon keeps: the contract's number.
	logRing = 4096
	// logSlack is how many more lines than those that came meanwhile are asked
	// for: those that come while it is asked.
	logSlack = 64
)

// A logPlace is a subscription's place among the log lines of the present start
// of the daemon.
type logPlace struct {
	seq  uint64 // the last line received; 0: none yet
	base uint64 // the newest there was when the subscription began

	resumed bool   // at least once
	from    uint64 // the line after which it was resumed the last time
	first   uint64 // the first line received since; 0: none yet
	waiting bool   // for settle
}

// known returns the line up to which nothing is missing.
func (p *logPlace) known() uint64 { return max(p.seq, p.base) }

func (s *Subscription) wantsLogs() bool {
	return slices.ContainsFunc(s.req.EventTypes, protocol.EventType.IsLog)
}

// wantsEvents reports whether it wants anything beside log lines.
func (s *Subscription) wantsEvents() bool {
	return len(s.req.EventTypes) == 0 || slices.ContainsFunc(s.req.EventTypes, func(t protocol.EventType) bool {
		return !t.IsLog()
	})
}

// filtersLogs reports whether it wants only some of the log lines, so that
// their numbers do not tell whether one is missing.
func (s *Subscription) filtersLogs() bool { return s.req.Filter != protocol.Filter{} }

// sawEvent moves the place on. It returns false for a log line that has come
// before, or is from before the subscription. It is called under mu.
func (s *Subscription) sawEvent(e *protocol.Event) bool {
	if e.LogSeq == 0 {
		s.at.Seq = max(s.at.Seq, e.Seq)
		return true
	}
	p := &s.logs
	if p.resumed && e.LogSeq <= p.seq || p.resumed && p.seq == 0 && s.req.Tail == 0 && e.LogSeq <= p.base {
		return false
	}
	if p.first == 0 {
		p.first = e.LogSeq
		if from := p.known() + 1; p.resumed && !s.filtersLogs() && e.LogSeq > from {
			s.push(Message{Gap: &protocol.Gap{LogFrom: from, LogTo: e.LogSeq - 1, Reason: protocol.GapExpired}}, 0)
		}
	}
	p.seq = e.LogSeq
	return true
}

// sawGap moves the place on, and returns the gap as it is for the reader, nil
// where it names nothing new. It is called under mu.
func (s *Subscription) sawGap(g *protocol.Gap) *protocol.Gap {
	if g.LogTo > 0 {
		return s.sawLogGap(g)
	}
	switch g.Reason {
	case protocol.GapFuture: // its numbers are still to come
		s.at.Seq = min(s.at.Seq, g.From-1)
	case protocol.GapRestarted:
		s.at = protocol.Position{BootID: s.boot, Seq: g.To}
	default:
		s.at.Seq = max(s.at.Seq, g.To)
	}
	return g
}

// sawLogGap takes out of a gap in a replay what came before the connection
// broke, and puts into it what the replay was too short for.
func (s *Subscription) sawLogGap(g *protocol.Gap) *protocol.Gap {
	p := &s.logs
	if p.resumed && g.LogTo <= p.known() {
		return nil
	}
	news := *g
	switch {
	case p.resumed && news.LogFrom <= p.known(), p.resumed && p.first == 0 && !s.filtersLogs():
		news.LogFrom = p.known() + 1
	}
	if p.first == 0 {
		p.first = news.LogFrom
	}
	p.seq = g.LogTo
	return &news
}

// after returns the request that goes on where the subscription was. newest is
// the newest log line of the daemon start boot.
func (s *Subscription) after(boot protocol.ID, newest uint64) protocol.SubscribeRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := s.req
	req.HeartbeatMS = uint64(s.period.Milliseconds())
	req.After, req.Tail = nil, 0
	if s.wantsEvents() {
		at := s.at
		req.After = &at
	}
	if s.wantsLogs() {
		req.Tail = logRing
		if known := s.logs.known(); boot == s.boot && newest >= known {
			req.Tail = min(logRing, newest-known+logSlack)
		}
	}
	return req
}

// resumed queues word of a new connection, before anything that comes over it.
// It is called under mu.
func (s *Subscription) resumed(restarted bool) {
	s.settleLocked(0) // where the connection before this one broke too early
	s.push(Message{Resumed: &Resumed{Restarted: restarted}}, 0)
	if !s.wantsLogs() {
		return
	}
	if restarted {
		s.logs = logPlace{}
		s.push(Message{Gap: &protocol.Gap{LogFrom: 1, Reason: protocol.GapRestarted}}, 0)
	}
	s.logs.resumed, s.logs.from, s.logs.first = true, s.logs.known(), 0
	if s.filtersLogs() {
		s.queue[len(s.queue)-1].waits, s.logs.waiting = true, true
	}
}

// settle lets the reader go on past what resumed has queued, and puts a gap
// there for log lines that may be missing: those that the daemon, whose newest
// line is newest, may have let go of before it was asked for them again. Where
// newest is 0, because it could not be had, only the lines that came tell.
func (s *Subscription) settle(newest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked(newest)
}

func (s *Subscription) settleLocked(newest uint64) {
	if !s.logs.waiting {
		return
	}
	s.logs.waiting = false
	var to uint64
	switch {
	case newest > logRing:
		to = newest - logRing
		if s.logs.first > 0 {
			to = min(to, s.logs.first-1)
		}
	case newest == 0 && s.logs.first > 0:
		to = s.logs.first - 1
	}
	gap := Message{Gap: &protocol.Gap{LogFrom: s.logs.from + 1, LogTo: to, Reason: protocol.GapExpired}}
	i := slices.IndexFunc(s.queue, func(q queued) bool { return q.waits })
	if i >= 0 {
		s.queue[i].waits = false
	}
	switch {
	case to <= s.logs.from || s.ended:
	case i < 0: // dropped by overflow
		s.lose(gap)
	default:
		s.queue = slices.Insert(s.queue, i+1, queued{Message: gap})
	}
	s.notify()
}

// newestLog returns the number of the newest log line, 0 where there is none,
// and the start of the daemon that it is of.
func (c *Client) newestLog(ctx context.Context, conn *conn) (boot protocol.ID, newest uint64, err error) {
	s := c.newSubscription(protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.LogMessage.Type}, Tail: 1}, WithoutResume())
	defer s.Close()
	if err := s.attach(ctx, conn, s.req); err != nil {
		return boot, 0, err
	}
	s.Stop()
	for {
		m, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return s.Position().BootID, newest, nil
		}
		if err != nil {
			return boot, 0, err
		}
		if m.Event != nil {
			newest = max(newest, m.Event.LogSeq)
		}
	}
}
