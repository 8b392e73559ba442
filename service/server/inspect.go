package server

import (
	"cmp"
	"slices"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// Inspect lists connections, calls and subscriptions, at most limit of each,
// without the names of programs. It locks one connection at a time, for no
// longer than a call does.
func (s *Server) Inspect(limit int) api.Debug {
	now := time.Now()
	s.mu.Lock()
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	d := api.Debug{Time: now.UTC(), Totals: api.DebugTotals{Connections: len(conns), Refusing: s.refusing}}
	s.mu.Unlock()
	d.Connections = make([]api.DebugConnection, 0, len(conns))
	d.Calls, d.Subscriptions = []api.DebugCall{}, []api.DebugSubscription{}
	for _, c := range conns {
		shown, subs := c.inspect()
		d.Calls = c.appendCalls(d.Calls, now)
		for _, sub := range subs {
			d.Subscriptions = append(d.Subscriptions, sub.inspect(c))
		}
		d.Connections = append(d.Connections, shown)
	}
	d.Totals.Calls, d.Totals.Subscriptions = len(d.Calls), len(d.Subscriptions)
	d.RequestMemory = api.DebugMemory{Used: s.memoryUsed.Load(), Limit: max(s.Limits().RequestMemory, protocol.MaxFrame)}
	rank(&d, limit)
	return d
}

// filterBytes bounds the filters of the listed subscriptions together; a path in
// a filter may be as long as a message.
const filterBytes = 4 << 20

// rank sorts what is most likely of interest first, and cuts the lists to limit.
func rank(d *api.Debug, limit int) {
	slices.SortFunc(d.Connections, func(a, b api.DebugConnection) int {
		return cmp.Or(-cmp.Compare(held(a), held(b)), -cmp.Compare(a.BytesWaiting, b.BytesWaiting), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(d.Calls, func(a, b api.DebugCall) int {
		return cmp.Or(-cmp.Compare(a.AgeMS, b.AgeMS), cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(d.Subscriptions, func(a, b api.DebugSubscription) int {
		return cmp.Or(-cmp.Compare(a.Lag, b.Lag), -cmp.Compare(a.Queued, b.Queued), cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.ID, b.ID))
	})
	d.Connections = d.Connections[:min(len(d.Connections), limit)]
	d.Calls = d.Calls[:min(len(d.Calls), limit)]
	room, fit := filterBytes, 0
	for fit < min(len(d.Subscriptions), limit) {
		f := &d.Subscriptions[fit].Filter
		if room -= len(f.Path) + len(f.Target); room < 0 {
			break
		}
		fit++
	}
	d.Subscriptions = d.Subscriptions[:fit]
	d.Truncated = len(d.Connections) < d.Totals.Connections || len(d.Calls) < d.Totals.Calls || len(d.Subscriptions) < d.Totals.Subscriptions
}

func held(c api.DebugConnection) int {
	if c.Held != "" {
		return 1
	}
	return 0
}

func (c *conn) inspect() (shown api.DebugConnection, subs []*subscription) {
	shown = api.DebugConnection{
		ID: c.id, Instance: c.inst.Name(), Since: c.since.UTC(), DebugPeer: c.shownPeer(), UID: c.peer.UID,
		BytesRead: c.bytesIn.Load(),
	}
	if enc := protocol.Encoding(c.picked.Load()); enc != 0 {
		shown.Encoding = enc.String()
	}
	c.mu.Lock()
	shown.Client, shown.Held = c.client, c.held
	shown.Calls = len(c.running)
	c.mu.Unlock()
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	shown.AnswersWaiting = max(0, o.inFlight-shown.Calls)
	shown.BytesWaiting = len(o.queued.buf) + o.unsent
	shown.Subscriptions = len(o.subs)
	shown.CallsTotal, shown.BytesWritten = o.begun, o.sent
	return shown, slices.Clone(o.subs)
}

func (c *conn) shownPeer() api.DebugPeer { return api.DebugPeer{PID: c.peer.PID} }

func (c *conn) appendCalls(to []api.DebugCall, now time.Time) []api.DebugCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.running {
		to = append(to, r.inspect(c, now))
	}
	return to
}

// inspect describes the call as of now. All calls listed together use the same
// now, so that they sort by age.
func (r *running) inspect(c *conn, now time.Time) api.DebugCall {
	d := api.DebugCall{
		Connection: c.id, DebugPeer: c.shownPeer(), ID: r.id, Method: r.method.Name, TraceID: r.TraceID, LibraryID: r.LibraryID,
		AgeMS: max(0, now.Sub(r.began).Milliseconds()), Cancelled: r.Err() != nil,
	}
	if end, ok := r.Deadline(); ok {
		d.TimeoutLeftMS = end.Sub(now).Milliseconds()
		// The context's timer may be late.
		d.Cancelled = d.Cancelled || !now.Before(end)
	}
	return d
}

func (s *subscription) inspect(c *conn) api.DebugSubscription {
	st := s.events.State()
	return api.DebugSubscription{
		Connection: c.id, DebugPeer: c.shownPeer(), ID: s.id, EventTypes: st.Types, Filter: st.Filter, Replaying: st.Replaying,
		Queued: st.Queued, QueuedBytes: st.Bytes, Lag: st.Lag,
		Delivered: st.Delivered, Gaps: st.Gaps, Coalesced: st.Coalesced, Dropped: st.Dropped,
	}
}
