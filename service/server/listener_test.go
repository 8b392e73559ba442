package server_test

import (
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A listener is a subscriber that comes and goes, and holds what it gets
// against what was published.
type listener struct {
	rt   *rapid.T
	s    *station
	enc  protocol.Encoding
	req  protocol.SubscribeRequest
	conn *cutter // nil between two subscriptions
	from *protocol.FrameReader

	at   protocol.Position // up to which all has been accounted for, by events, gaps and heartbeats
	last uint64            // the newest number in an event or a gap

	first   protocol.GapReason       // the gap that must come first
	unseen  map[protocol.ID][]uint64 // progress that a later update must stand for, by job
	unknown map[protocol.ID]int      // progress in a gap: dropped, or stood for
	ended   bool
}

// A cutter is a connection of which only so many bytes come through.
type cutter struct {
	net.Conn
	left int // negative: all
}

func (c *cutter) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	if c.left > 0 {
		b = b[:min(len(b), c.left)]
	}
	n, err := c.Conn.Read(b)
	if c.left > 0 {
		c.left -= n
	}
	return n, err
}

func newListener(rt *rapid.T, s *station, n int) *listener {
	l := &listener{rt: rt, s: s, enc: []protocol.Encoding{protocol.JSON, protocol.CBOR}[n%2]}
	switch rapid.SampledFrom([]string{"all", "all, no heartbeats", "jobs", "one job"}).Draw(rt, "what it asks for") {
	case "all":
		l.req.HeartbeatMS = 3
	case "jobs":
		l.req = protocol.SubscribeRequest{HeartbeatMS: 2, EventTypes: []protocol.EventType{api.JobUpdate.Type}}
	case "one job":
		l.req = protocol.SubscribeRequest{HeartbeatMS: 1, Filter: protocol.Filter{JobID: twoJobs[0]}}
	}
	l.subscribe(protocol.Position{BootID: s.boot()})
	return l
}

func (l *listener) wants(e told) bool {
	return (l.req.EventTypes == nil || e.typ == api.JobUpdate.Type) && (l.req.Filter.JobID == protocol.ID{} || e.job == l.req.Filter.JobID)
}

// subscribe asks for all that comes after a place.
func (l *listener) subscribe(after protocol.Position) {
	nc, err := net.Dial("unix", l.s.path)
	if err != nil {
		l.rt.Fatal(err)
	}
	l.conn = &cutter{Conn: nc, left: -1}
	l.from, l.ended = protocol.NewFrameReader(l.conn, l.enc, nil), false
	req := l.req
	req.After = &after
	msg, err := (&protocol.Request{Type: protocol.TypeSubscribe, ID: 1, Subscribe: &req}).Append(nil, l.enc)
	if err != nil {
		l.rt.Fatal(err)
	}
	newest := l.s.seq()
	if _, err := nc.Write(msg); err != nil {
		l.rt.Fatal(err)
	}
	r := l.receive()
	var p protocol.Position
	if r == nil || r.Type != protocol.TypeSubscribed || r.Payload.Decode(&p) != nil || p.BootID != l.s.boot() {
		l.rt.Fatalf("subscribe is answered %+v", r)
	}
	switch {
	case after.BootID != p.BootID:
		l.first = protocol.GapRestarted
	case after.Seq > newest: // no test of ours goes that far
		l.rt.Fatalf("number %d is asked for, and there are %d", after.Seq, newest)
	default:
		l.first = ""
		newest = after.Seq
	}
	if p.Seq < newest || p.Seq > newest && l.first == "" {
		l.rt.Fatalf("the subscription begins after %d, not %d", p.Seq, newest)
	}
	l.at, l.last = p, p.Seq
	l.unseen, l.unknown = make(map[protocol.ID][]uint64), make(map[protocol.ID]int)
}

func (l *listener) leave() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// receive returns the next message, nil at the stream's end.
func (l *listener) receive() *protocol.Reply {
	_ = l.conn.SetReadDeadline(time.Now().Add(patience))
	frame, err := l.from.Next()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		l.rt.Fatalf("after number %d of %d: %v", l.at.Seq, l.s.seq(), err)
	}
	r, err := protocol.ParseReply(l.enc, frame)
	if err != nil {
		l.rt.Fatalf("%q: %v", frame, err)
	}
	return r
}

// step takes one message in. There must be one.
func (l *listener) step() {
	r := l.receive()
	if r == nil {
		l.rt.Fatalf("the stream ends after number %d of %d", l.at.Seq, l.s.seq())
	}
	l.account(r)
}

// read takes in so many messages, or all that there are.
func (l *listener) read(n int) {
	if l.conn == nil {
		return
	}
	for ; n > 0 && l.at.Seq < l.s.seq(); n-- {
		l.step()
	}
}

// cut reads so many more bytes, or all that there are, and hangs up. What was
// received of a message by then is lost.
func (l *listener) cut(n int) {
	if l.conn == nil {
		return
	}
	l.conn.left = n
	_ = l.conn.SetReadDeadline(time.Now().Add(patience))
	for l.at.Seq < l.s.seq() {
		frame, err := l.from.Next()
		if err != nil {
			break
		}
		r, err := protocol.ParseReply(l.enc, frame)
		if err != nil {
			break // the last line, cut off
		}
		l.account(r)
	}
	l.leave()
}

// drain takes in all that was published by now.
func (l *listener) drain() {
	if l.conn == nil {
		l.subscribe(l.at)
	}
	for newest := l.s.seq(); l.at.Seq < newest; {
		l.step()
	}
	l.checkComplete()
}

// readToEnd takes in all that a daemon that ends still has to say.
func (l *listener) readToEnd() {
	if l.conn == nil {
		return
	}
	for r := l.receive(); r != nil; r = l.receive() {
		l.account(r)
	}
	if !l.ended {
		l.rt.Fatal("the stream ends, and the subscription did not")
	}
	l.pass(l.s.seq() + 1)
	l.checkComplete()
	l.leave()
}

// checkComplete expects that no update still has to stand for another, if all
// is there.
func (l *listener) checkComplete() {
	if l.at.Seq < l.s.seq() && !l.ended {
		return
	}
	for job, seqs := range l.unseen {
		if len(seqs) > 0 {
			l.rt.Fatalf("progress %v of job %v never came, and nothing stands for it", seqs, job[0])
		}
	}
}

func (l *listener) account(r *protocol.Reply) {
	if r.ID != 1 || l.ended {
		l.rt.Fatalf("%+v", r)
	}
	if l.first != "" && (r.Type != protocol.TypeGap || r.Gap.Reason != l.first) && r.Type != protocol.TypeEnd {
		l.rt.Fatalf("%+v comes before a gap with the reason %s", r, l.first)
	}
	switch r.Type {
	case protocol.TypeEvent:
		l.event(r.Event)
	case protocol.TypeGap:
		l.gap(r.Gap)
	case protocol.TypeHeartbeat:
		if r.Seq < l.at.Seq {
			l.rt.Fatalf("a heartbeat says %d after %d", r.Seq, l.at.Seq)
		}
		l.pass(r.Seq + 1)
		for job, seqs := range l.unseen {
			if len(seqs) > 0 {
				l.rt.Fatalf("a heartbeat says %d, and progress %v of job %v has not come", r.Seq, seqs, job[0])
			}
		}
		l.at.Seq = r.Seq
	case protocol.TypeEnd:
		l.ended = true
	default:
		l.rt.Fatalf("%+v", r)
	}
}

// pass goes on to the number next: what is skipped is either not asked for or
// progress, for which a later update must stand.
func (l *listener) pass(next uint64) {
	for seq := l.last + 1; seq < next; seq++ {
		e := l.s.at(l.at.BootID, seq)
		switch {
		case !l.wants(e):
		case !e.running:
			l.rt.Fatalf("number %d, a %s, is lost: after %d comes %d", seq, e.typ, l.last, next)
		default:
			l.unseen[e.job] = append(l.unseen[e.job], seq)
		}
	}
	l.last = max(l.last, next-1)
}

func (l *listener) event(ev *protocol.Event) {
	if ev.Seq <= l.at.Seq {
		l.rt.Fatalf("number %d comes after %d", ev.Seq, l.at.Seq)
	}
	l.pass(ev.Seq)
	e := l.s.at(l.at.BootID, ev.Seq)
	if e.typ != ev.Type || e.job != ev.JobID || !l.wants(e) || l.number(ev) != ev.Seq {
		l.rt.Fatalf("number %d was %+v, and comes as %+v, number %d", ev.Seq, e, ev, l.number(ev))
	}
	if e.typ == api.JobUpdate.Type {
		unseen, unknown := len(l.unseen[e.job]), l.unknown[e.job]
		stands := max(1, int(ev.Coalesced))
		if least, most := 1+unseen, 1+unseen+unknown; e.running && (stands < least || stands > most) || !e.running && (stands != 1 || unseen > 0) {
			l.rt.Fatalf("number %d stands for %d updates, and between %d and %d were to be stood for", ev.Seq, stands, least, most)
		}
		l.unseen[e.job], l.unknown[e.job] = nil, 0
	}
	l.last, l.at.Seq = ev.Seq, ev.Seq
}

// number returns the number that stands in an event's data.
func (l *listener) number(ev *protocol.Event) uint64 {
	if ev.Type == api.JobUpdate.Type {
		var data api.JobEvent
		if err := ev.Data.Decode(&data); err != nil {
			l.rt.Fatal(err)
		}
		return uint64(data.Progress.Done)
	}
	var data api.LocationEvent
	if err := ev.Data.Decode(&data); err != nil {
		l.rt.Fatal(err)
	}
	n, _ := strconv.ParseUint(strings.TrimPrefix(string(data.Path), "/"), 10, 64)
	return n
}

func (l *listener) gap(g *protocol.Gap) {
	const kept = 8192 // at least
	switch g.Reason {
	case protocol.GapRestarted:
		// What overflowed before it was sent is in the same gap.
		if l.first == "" || g.From != 1 || g.To < l.at.Seq {
			l.rt.Fatalf("%+v, and the subscription begins after %d", *g, l.at.Seq)
		}
		l.first = ""
		if g.To == l.at.Seq {
			return
		}
		g.From = l.at.Seq + 1
	case protocol.GapExpired:
		// The daemon that sent it may have ended since.
		if newest := l.s.newest(l.at.BootID); g.To+kept > newest {
			l.rt.Fatalf("%+v, and there are %d events", *g, newest)
		}
	case protocol.GapOverflow:
		if from, to := l.s.at(l.at.BootID, g.From), l.s.at(l.at.BootID, g.To); !l.wants(from) || !l.wants(to) {
			l.rt.Fatalf("%+v begins or ends with what was not asked for", *g)
		}
	default:
		l.rt.Fatalf("%+v", *g)
	}
	if g.From <= l.at.Seq || g.To < g.From {
		l.rt.Fatalf("%+v comes after %d", *g, l.at.Seq)
	}
	l.pass(g.From)
	for seq := g.From; seq <= g.To; seq++ {
		switch e := l.s.at(l.at.BootID, seq); {
		case !l.wants(e) || e.typ != api.JobUpdate.Type:
		case e.running: // it was dropped, or a later one stands for it
			l.unknown[e.job] += 1 + len(l.unseen[e.job])
			l.unseen[e.job] = nil
		case len(l.unseen[e.job]) > 0:
			l.rt.Fatalf("progress %v of a job is lost before number %d", l.unseen[e.job], seq)
		default:
			l.unknown[e.job] = 0
		}
	}
	l.last, l.at.Seq = g.To, g.To
}
