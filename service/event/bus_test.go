package event_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/event"
)

func location(path string) protocol.Event {
	return api.LocationUpdated.New(api.LocationEvent{Path: api.Path(path)})
}

func progress(job protocol.ID, status api.JobStatus) protocol.Event {
	return protocol.Event{Type: api.JobUpdate.Type, JobID: job, Data: protocol.ValueOf(api.JobEvent{Kind: "index", Status: status})}
}

func logLine(level protocol.Level, target string) protocol.Event {
	return api.LogMessage.New(api.LogEvent{Level: level, Target: target, Message: "m"})
}

// got is a delivery, decoded.
type got struct {
	protocol.Event
	gap       protocol.Gap
	coalesced uint64
}

func take(t testing.TB, s *event.Subscription) (got, bool) {
	var one [1]event.Delivery
	if n, _ := s.Take(one[:], 1); n == 0 {
		return got{}, false
	}
	d := one[0]
	if d.Event == nil {
		return got{gap: d.Gap}, true
	}
	encoded := d.Event
	if d.Coalesced > 1 {
		encoded = protocol.WithCoalesced(protocol.JSON, encoded, d.Coalesced)
	}
	g := got{coalesced: d.Coalesced}
	if err := json.Unmarshal(encoded, &g.Event); err != nil {
		t.Fatal(err)
	}
	return g, true
}

func drain(t testing.TB, s *event.Subscription) (all []got) {
	for {
		g, ok := take(t, s)
		if !ok {
			return all
		}
		all = append(all, g)
	}
}

func subscribe(b *event.Bus, req protocol.SubscribeRequest) *event.Subscription {
	return b.Subscribe(&req, protocol.JSON, func() {})
}

func TestSubscribeAfter(t *testing.T) {
	boot := protocol.NewID()
	for _, tt := range []struct {
		name      string
		published int
		after     protocol.Position
		gap       protocol.Gap
		first, n  int // of the events that follow
	}{
		{"the beginning", 5, protocol.Position{BootID: boot, Seq: 0}, protocol.Gap{}, 1, 5},
		{"the middle", 5, protocol.Position{BootID: boot, Seq: 3}, protocol.Gap{}, 4, 2},
		{"the newest", 5, protocol.Position{BootID: boot, Seq: 5}, protocol.Gap{}, 0, 0},
		{"what has not come yet", 5, protocol.Position{BootID: boot, Seq: 7}, protocol.Gap{From: 6, To: 7, Reason: protocol.GapFuture}, 0, 0},
		{"another start of the daemon", 5, protocol.Position{BootID: protocol.NewID(), Seq: 2}, protocol.Gap{From: 1, To: 5, Reason: protocol.GapRestarted}, 0, 0},
		{"what is no longer kept", 10_000, protocol.Position{BootID: boot, Seq: 8}, protocol.Gap{From: 9, To: 10_000 - 8192, Reason: protocol.GapExpired}, 10_001 - 8192, 8192},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := event.NewBus(boot)
			for i := range tt.published {
				b.Publish(location(fmt.Sprint("/", i)))
			}
			all := drain(t, subscribe(b, protocol.SubscribeRequest{After: &tt.after}))
			if tt.gap != (protocol.Gap{}) {
				if len(all) == 0 || all[0].gap != tt.gap {
					t.Fatalf("first comes %+v, want the gap %+v", all[:min(1, len(all))], tt.gap)
				}
				all = all[1:]
			}
			if len(all) != tt.n || tt.n > 0 && all[0].Seq != uint64(tt.first) {
				t.Fatalf("%d events, want %d from %d on", len(all), tt.n, tt.first)
			}
		})
	}
}

func TestSubscribeAfterALogLine(t *testing.T) {
	boot := protocol.NewID()
	for _, tt := range []struct {
		name      string
		published int
		after     protocol.Position
		tail      uint64
		start     uint64 // log_seq in the answer
		gap       protocol.Gap
		first, n  int // of the lines that follow
	}{
		{"the beginning", 5, protocol.Position{BootID: boot}, 100, 0, protocol.Gap{}, 1, 5},
		{"the middle", 5, protocol.Position{BootID: boot, Seq: 3}, 100, 3, protocol.Gap{}, 4, 2},
		{"what is no longer kept", 5000, protocol.Position{BootID: boot, Seq: 8}, 100, 8, protocol.Gap{LogFrom: 9, LogTo: 5000 - 4096, Reason: protocol.GapExpired}, 5001 - 4096, 4096},
		{"another start of the daemon", 5, protocol.Position{BootID: protocol.NewID(), Seq: 2}, 0, 5, protocol.Gap{LogFrom: 1, LogTo: 5, Reason: protocol.GapRestarted}, 0, 0},
		{"another start of the daemon, with a tail", 5, protocol.Position{BootID: protocol.NewID(), Seq: 2}, 3, 2, protocol.Gap{LogFrom: 1, LogTo: 2, Reason: protocol.GapRestarted}, 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := event.NewBus(boot)
			for range tt.published {
				b.Publish(logLine("info", "x"))
			}
			s := subscribe(b, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.LogMessage.Type}, AfterLog: &tt.after, Tail: tt.tail})
			if got := s.Start().LogSeq; got != tt.start {
				t.Errorf("it starts after line %d, want %d", got, tt.start)
			}
			all := drain(t, s)
			if tt.gap != (protocol.Gap{}) {
				if len(all) == 0 || all[0].gap != tt.gap {
					t.Fatalf("first comes %+v, want the gap %+v", all[:min(1, len(all))], tt.gap)
				}
				all = all[1:]
			}
			if len(all) != tt.n || tt.n > 0 && all[0].LogSeq != uint64(tt.first) {
				t.Fatalf("%d lines, want %d from %d on", len(all), tt.n, tt.first)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	lib, job := protocol.NewID(), protocol.NewID()
	changed := func(truncated bool, paths ...api.Path) protocol.Event {
		return protocol.Event{Type: api.EntriesChanged.Type, LibraryID: lib, Data: protocol.ValueOf(api.EntriesChangedEvent{
			Location: "/home/a", Paths: paths, Truncated: truncated,
		})}
	}
	for _, tt := range []struct {
		name   string
		types  []protocol.EventType
		filter protocol.Filter
		ev     protocol.Event
		want   bool
	}{
		{"no filter", nil, protocol.Filter{}, location("/a"), true},
		{"no filter, a log line", nil, protocol.Filter{}, logLine("error", "x"), false},
		{"its type", []protocol.EventType{api.JobUpdate.Type}, protocol.Filter{}, progress(job, "running"), true},
		{"another type", []protocol.EventType{api.JobUpdate.Type}, protocol.Filter{}, location("/a"), false},
		{"its job", nil, protocol.Filter{JobID: job}, progress(job, "running"), true},
		{"an event without the key", nil, protocol.Filter{LibraryID: lib}, location("/a"), false},
		{"below the path", nil, protocol.Filter{Path: "/home/a"}, changed(false, "/home/a/x"), true},
		{"below the path with a slash", nil, protocol.Filter{Path: "/home/a/"}, changed(false, "/home/a/x"), true},
		{"not a whole component", nil, protocol.Filter{Path: "/home/a/x"}, changed(false, "/home/a/xy"), false},
		{"elsewhere in a truncated change", nil, protocol.Filter{Path: "/home/a/z"}, changed(true, "/home/a/x"), true},
		{"above a truncated change", nil, protocol.Filter{Path: "/home"}, changed(true, "/home/a/x"), true},
		{"beside a truncated change", nil, protocol.Filter{Path: "/home/b"}, changed(true, "/home/a/x"), false},
		{"severe enough", []protocol.EventType{api.LogMessage.Type}, protocol.Filter{MinLevel: "warn"}, logLine("error", "x"), true},
		{"not severe enough", []protocol.EventType{api.LogMessage.Type}, protocol.Filter{MinLevel: "warn"}, logLine("info", "x"), false},
		{"its target", []protocol.EventType{api.LogMessage.Type}, protocol.Filter{Target: "ser"}, logLine("info", "server"), true},
		{"a level asked of what has none", nil, protocol.Filter{MinLevel: "trace"}, location("/a"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := event.NewBus(protocol.NewID())
			live := subscribe(b, protocol.SubscribeRequest{EventTypes: tt.types, Filter: tt.filter})
			b.Publish(tt.ev)
			if got := len(drain(t, live)) > 0; got != tt.want {
				t.Errorf("delivered live: %v, want %v", got, tt.want)
			}
			if tt.ev.Type != api.LogMessage.Type {
				replay := subscribe(b, protocol.SubscribeRequest{EventTypes: tt.types, Filter: tt.filter, After: &protocol.Position{BootID: b.BootID()}})
				if got := len(drain(t, replay)) > 0; got != tt.want {
					t.Errorf("delivered on replay: %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestTailCountsWhatFits(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	for i := range 5000 {
		b.Publish(logLine(protocol.Info, fmt.Sprintf("t%d", i%2)))
	}
	s := subscribe(b, protocol.SubscribeRequest{
		EventTypes: []protocol.EventType{api.LogMessage.Type}, Filter: protocol.Filter{Target: "t1"}, Tail: 3,
	})
	b.Publish(logLine(protocol.Info, "t1"))
	all := drain(t, s)
	var seqs []uint64
	for _, g := range all {
		seqs = append(seqs, g.LogSeq)
	}
	if fmt.Sprint(seqs) != "[4996 4998 5000 5001]" {
		t.Errorf("log lines %v", seqs)
	}
	if b.Seq() != 0 {
		t.Errorf("log lines took %d event numbers", b.Seq())
	}
}

func TestLogLinesPushNothingElseOut(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	s := subscribe(b, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.LocationUpdated.Type, api.LogMessage.Type}})
	b.Publish(location("/a"))
	for range 20_000 {
		b.Publish(logLine(protocol.Info, "burst"))
	}
	b.Publish(location("/b"))
	var events, lines int
	var gap protocol.Gap
	for _, g := range drain(t, s) {
		switch {
		case g.gap.Reason != "":
			gap = g.gap
		case g.Type == api.LogMessage.Type:
			lines++
		default:
			events++
		}
	}
	if events != 2 {
		t.Errorf("%d events came through, want 2", events)
	}
	if gap.LogFrom != 1 || gap.LogTo+uint64(lines) != 20_000 || gap.From != 0 {
		t.Errorf("%d lines and the gap %+v do not make 20,000", lines, gap)
	}
}

func TestNotifyComesOncePerWait(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	calls := 0
	s := b.Subscribe(&protocol.SubscribeRequest{}, protocol.JSON, func() { calls++ })
	for range 3 {
		b.Publish(location("/a"))
	}
	if calls != 0 {
		t.Errorf("%d notifications before Take had found nothing", calls)
	}
	drain(t, s)
	for range 3 {
		b.Publish(location("/a"))
	}
	if calls != 1 {
		t.Errorf("%d notifications, want 1", calls)
	}
	s.Stop()
	b.Publish(location("/a"))
	if all := drain(t, s); len(all) != 3 {
		t.Errorf("%d events after Stop, want the 3 that waited", len(all))
	}
	if b.Subscriptions() != 0 {
		t.Errorf("%d subscriptions left", b.Subscriptions())
	}
}

// TestNothingIsSilentlyLost checks, over random interleavings of publishing,
// slow reading and subscribing after a number, that a subscriber sees every
// event once and in order, or a gap in its place, or, for a running job's
// progress, a later update that says how many it replaces.
func TestNothingIsSilentlyLost(t *testing.T) {
	jobs := []protocol.ID{protocol.NewID(), protocol.NewID()}
	rapid.Check(t, func(rt *rapid.T) {
		b := event.NewBus(protocol.NewID())
		published := []protocol.Event{{}} // by number
		publish := func(ev protocol.Event) {
			b.Publish(ev)
			published = append(published, ev)
		}
		before := rapid.IntRange(0, 40).Draw(rt, "published before")
		for range before {
			publish(location("/a"))
		}
		after := rapid.IntRange(0, before).Draw(rt, "after")
		s := subscribe(b, protocol.SubscribeRequest{After: &protocol.Position{BootID: b.BootID(), Seq: uint64(after)}})

		seen := make(map[uint64]bool) // delivered, or in a gap
		last, replaced, gaps := uint64(after), uint64(0), 0
		account := func(g got) {
			from, to := g.Seq, g.Seq
			if g.gap.Reason != "" {
				from, to = g.gap.From, g.gap.To
				gaps++
			} else {
				replaced += g.coalesced - 1
			}
			if from <= last || to < from {
				rt.Fatalf("%d..%d comes after %d", from, to, last)
			}
			for seq := from; seq <= to; seq++ {
				seen[seq] = true
			}
			last = to
		}
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			n := rapid.SampledFrom([]int{0, 1, 3, 40, 700, 1100, 1500, 9000}).Draw(rt, "publish")
			mix := rapid.SampledFrom([]int{0, 2, 3, 10}).Draw(rt, "one in so many is progress")
			for i := range n {
				switch {
				case mix == 0 || i%mix != 0:
					publish(location("/x"))
				case i%101 == 100:
					publish(progress(jobs[0], api.JobPaused))
				default:
					publish(progress(jobs[i/mix%2], api.JobRunning))
				}
			}
			for range rapid.SampledFrom([]int{0, 1, 10, 500, 2000}).Draw(rt, "read") {
				g, ok := take(rt2tb{t, rt}, s)
				if !ok {
					break
				}
				account(g)
			}
		}
		for _, g := range drain(rt2tb{t, rt}, s) {
			account(g)
		}
		unseen := uint64(0)
		newest := make(map[protocol.ID]bool) // jobs with a later running update that was seen
		for seq := len(published) - 1; seq > after; seq-- {
			ev := published[seq]
			data, _ := ev.Data.Interface().(api.JobEvent)
			running := data.Status == api.JobRunning
			switch {
			case seen[uint64(seq)]:
				newest[ev.JobID] = running
			case !running || !newest[ev.JobID]:
				rt.Fatalf("event %d (%s %s) is lost", seq, ev.Type, data.Status)
			default:
				unseen++
			}
		}
		if gaps == 0 && unseen != replaced {
			rt.Fatalf("%d events did not come, and later ones replace %d", unseen, replaced)
		}
		if s.Served() != b.Seq() {
			rt.Fatalf("served up to %d of %d", s.Served(), b.Seq())
		}
	})
}

// rt2tb lets a helper of the tests fail a property.
type rt2tb struct {
	*testing.T
	rt *rapid.T
}

func (t rt2tb) Fatal(args ...any) { t.rt.Fatal(args...) }

// TestServedNeverRunsAhead: clients subscribe after the number in a heartbeat, so
// no event that is delivered later may have a lower one.
func TestServedNeverRunsAhead(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	b.Publish(location("/1"))
	s := subscribe(b, protocol.SubscribeRequest{After: &protocol.Position{BootID: b.BootID(), Seq: 99}})
	if all := drain(t, s); len(all) != 1 || all[0].gap.Reason != protocol.GapFuture {
		t.Fatalf("%+v", all)
	}
	b.Publish(location("/2"))
	if n := s.Served(); n > 1 {
		t.Errorf("all is served up to %d, and event 2 still waits", n)
	}
	if all := drain(t, s); len(all) != 1 || all[0].Seq != 2 {
		t.Errorf("%+v", all)
	}
	if n := s.Served(); n != 2 {
		t.Errorf("all is served up to %d, not 2", n)
	}
}

// TestServedNeverGoesBack: events that the subscriber did not ask for count as
// served, also once a later event waits.
func TestServedNeverGoesBack(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	s := subscribe(b, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.JobUpdate.Type}})
	b.Publish(location("/1"))
	if n := s.Served(); n != 1 {
		t.Errorf("all is served up to %d, not 1", n)
	}
	b.Publish(progress(protocol.NewID(), api.JobRunning))
	if n := s.Served(); n != 1 {
		t.Errorf("all is served up to %d, not 1", n)
	}
}

// TestAnEventTooLongForAnySubscriber is delivered without its data.
func TestAnEventTooLongForAnySubscriber(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		s := b.Subscribe(&protocol.SubscribeRequest{}, enc, func() {})
		b.Publish(location(strings.Repeat("x", protocol.MaxFrame)))
		var one [1]event.Delivery
		if n, _ := s.Take(one[:], 1); n != 1 || len(one[0].Event) > 1000 || !strings.Contains(string(one[0].Event), "encoding_error") {
			t.Errorf("%v: %d, %d bytes", enc, n, len(one[0].Event))
		}
	}
}

// TestAStoppedReplayEnds however much is published after Stop.
func TestAStoppedReplayEnds(t *testing.T) {
	for _, events := range []int{100, 10_000} { // 10,000 overwrite the replay's events in the ring
		b := event.NewBus(protocol.NewID())
		for range 10 {
			b.Publish(location("/a"))
		}
		s := subscribe(b, protocol.SubscribeRequest{After: &protocol.Position{BootID: b.BootID()}})
		if g, ok := take(t, s); !ok || g.Seq != 1 {
			t.Fatalf("%+v", g)
		}
		s.Stop()
		for range events {
			b.Publish(location("/a"))
		}
		s.Stop() // again, as at the end of a connection
		last := uint64(0)
		for _, g := range drain(t, s) {
			last = max(last, g.Seq, g.gap.To)
		}
		if last != 10 {
			t.Errorf("after %d more events the replay ends with %d, not 10", events, last)
		}
	}
}

// TestAFutureThatIsLost has an overflow gap, as its events were published.
func TestAFutureThatIsLost(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	s := subscribe(b, protocol.SubscribeRequest{After: &protocol.Position{BootID: b.BootID(), Seq: 5000}})
	for range 2000 {
		b.Publish(location("/a"))
	}
	all := drain(t, s)
	if g := all[0].gap; g.Reason != protocol.GapOverflow || g.From != 1 || g.To+1 != all[1].Seq {
		t.Errorf("%+v, then %+v", g, all[1])
	}
	if n := s.Served(); n != 2000 {
		t.Errorf("all is served up to %d", n)
	}
}

// A watched is data that notes when it is encoded.
type watched struct{ publishing, early, encoded *bool }

func (w watched) MarshalJSONTo(enc *jsontext.Encoder) error {
	*w.early = *w.early || *w.publishing
	*w.encoded = true
	return enc.WriteToken(jsontext.Null)
}

// TestNothingIsEncodedWhilePublishersWait: Publish, State and Stats hold the
// bus's lock, and encoding takes long.
func TestNothingIsEncodedWhilePublishersWait(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	s := subscribe(b, protocol.SubscribeRequest{EventTypes: []protocol.EventType{"LogMessage"}})
	var publishing, early, encoded bool
	publishing = true
	for range 2000 { // more than a queue holds
		b.Publish(protocol.Event{Type: "LogMessage", Data: protocol.ValueOf(watched{&publishing, &early, &encoded})})
	}
	s.State()
	b.Stats()
	publishing = false
	if drain(t, s); early || !encoded {
		t.Errorf("encoded while publishing: %v, at all: %v", early, encoded)
	}
}
