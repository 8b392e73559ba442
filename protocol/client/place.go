package client

import (
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// logRing is how many log lines a daemon keeps: the contract's number.
const logRing = 4096

// featureAfterLog is that of a daemon that replays log lines from a position.
const featureAfterLog = "after_log"

func (s *Subscription) wantsLogs() bool {
	return slices.ContainsFunc(s.req.EventTypes, protocol.EventType.IsLog)
}

// wantsEvents reports whether it wants anything beside log lines.
func (s *Subscription) wantsEvents() bool {
	return len(s.req.EventTypes) == 0 || slices.ContainsFunc(s.req.EventTypes, func(t protocol.EventType) bool {
		return !t.IsLog()
	})
}

// sawEvent moves the place on. It returns false for a log line that has come
// before. s.mu is held.
func (s *Subscription) sawEvent(e *protocol.Event) (isNew bool) {
	if e.LogSeq == 0 {
		s.at.Seq = max(s.at.Seq, e.Seq)
		return true
	}
	isNew = e.LogSeq > s.atLog.Seq
	s.atLog.Seq = max(s.atLog.Seq, e.LogSeq)
	return isNew
}

// sawGap moves the place on. s.mu is held.
func (s *Subscription) sawGap(g *protocol.Gap) {
	switch {
	case g.LogFrom > 0:
		s.atLog.Seq = max(s.atLog.Seq, g.LogTo)
	case g.Reason == protocol.GapFuture: // its numbers are still to come
		s.at.Seq = min(s.at.Seq, g.From-1)
	case g.Reason == protocol.GapRestarted:
		s.at = protocol.Position{BootID: s.boot, Seq: g.To}
	default:
		s.at.Seq = max(s.at.Seq, g.To)
	}
}

// after returns the request that goes on where the subscription was. A daemon
// that was started since, or one without featureAfterLog, sends the log lines
// that it has.
func (s *Subscription) after(features []string) protocol.SubscribeRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := s.req
	req.HeartbeatMS = uint64(s.period.Milliseconds())
	req.After, req.AfterLog, req.Tail = nil, nil, 0
	if s.wantsEvents() {
		at := s.at
		req.After = &at
	}
	if s.wantsLogs() {
		req.Tail = logRing
		if slices.Contains(features, featureAfterLog) {
			at := s.atLog
			req.AfterLog = &at
		}
	}
	return req
}
