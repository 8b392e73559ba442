package event_test

import (
	"fmt"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// A transfer is the data of event types that only this test declares.
type transfer struct {
	From, To protocol.Path
	Tree     protocol.Path // everything below it may be affected
	Peer     protocol.ID
	Done     int
	Ended    bool
}

var (
	transferUpdate = protocol.DeclareEvent("TransferUpdate", "A transfer made progress", protocol.EventTraits[transfer]{
		IDs:      protocol.OfDevice,
		Paths:    func(d transfer) []protocol.Path { return []protocol.Path{d.From, d.To} },
		Within:   func(d transfer) protocol.Path { return d.Tree },
		Progress: func(_ *protocol.Event, d transfer) (protocol.ID, bool) { return d.Peer, !d.Ended },
	})
	transferCheck = protocol.DeclareEvent("TransferCheck", "A transfer was checked", protocol.EventTraits[transfer]{
		Progress: func(_ *protocol.Event, d transfer) (protocol.ID, bool) { return d.Peer, !d.Ended },
	})
	transferTrace = protocol.DeclareEvent("TransferTrace", "A peer logged a line", protocol.EventTraits[transfer]{
		Line: func(d transfer) (protocol.Level, string) { return protocol.Warn, string(d.From) },
	})
	transferReserved = protocol.ReserveEvent("TransferReserved", "Nothing publishes this")
)

func TestFiltersFollowTheDeclaration(t *testing.T) {
	device := protocol.NewID()
	moved := transferUpdate.New(transfer{From: "/from/a", To: "/to/b", Tree: "/tree"})
	moved.DeviceID = device
	logged := transferTrace.New(transfer{From: "peer.net"})
	for _, tt := range []struct {
		name   string
		ev     protocol.Event
		types  []protocol.EventType
		filter protocol.Filter
		want   bool
	}{
		{"the default types", moved, nil, protocol.Filter{}, true},
		{"its type", moved, []protocol.EventType{transferUpdate.Type}, protocol.Filter{}, true},
		{"another type with the same data", moved, []protocol.EventType{transferCheck.Type}, protocol.Filter{}, false},
		{"a reserved type", moved, []protocol.EventType{transferReserved.Type}, protocol.Filter{}, false},
		{"the first path", moved, nil, protocol.Filter{Path: "/from"}, true},
		{"the second path", moved, nil, protocol.Filter{Path: "/to/b"}, true},
		{"another path", moved, nil, protocol.Filter{Path: "/to/c"}, false},
		{"below the folder", moved, nil, protocol.Filter{Path: "/tree/x/y"}, true},
		{"beside the folder", moved, nil, protocol.Filter{Path: "/trees"}, false},
		{"its device", moved, nil, protocol.Filter{DeviceID: device}, true},
		{"another device", moved, nil, protocol.Filter{DeviceID: protocol.NewID()}, false},
		{"a level, of what has none", moved, nil, protocol.Filter{MinLevel: protocol.Trace}, false},
		{"the same data without declared paths", transferCheck.New(transfer{From: "/from/a"}), nil, protocol.Filter{Path: "/from"}, false},
		{"a log line by default", logged, nil, protocol.Filter{}, false},
		{"a log line", logged, []protocol.EventType{transferTrace.Type}, protocol.Filter{}, true},
		{"its level and target", logged, []protocol.EventType{transferTrace.Type}, protocol.Filter{MinLevel: protocol.Warn, Target: "peer"}, true},
		{"a higher level", logged, []protocol.EventType{transferTrace.Type}, protocol.Filter{MinLevel: protocol.Err}, false},
		{"another target", logged, []protocol.EventType{transferTrace.Type}, protocol.Filter{Target: "net"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := protocol.SubscribeRequest{EventTypes: tt.types, Filter: tt.filter}
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			b := event.NewBus(protocol.NewID())
			s := subscribe(b, req)
			b.Publish(tt.ev)
			all := drain(t, s)
			if got := len(all) == 1; got != tt.want {
				t.Fatalf("delivered: %v, want %v", got, tt.want)
			}
			if !tt.want {
				return
			}
			if isLog := tt.ev.Type == transferTrace.Type; isLog != (all[0].LogSeq == 1) || isLog == (all[0].Seq == 1) {
				t.Errorf("seq %d, log_seq %d", all[0].Seq, all[0].LogSeq)
			}
		})
	}
}

// TestProgressIsCoalescedAsDeclared: only progress of one type and subject
// replaces older progress, and only as long as nothing else is said of it.
func TestProgressIsCoalescedAsDeclared(t *testing.T) {
	one, two := protocol.NewID(), protocol.NewID()
	type progress struct {
		of    protocol.EventOf[transfer]
		peer  protocol.ID
		done  int
		ended bool
	}
	for _, tt := range []struct {
		name      string
		published []progress
		want      string // done, and how many it replaces if there are several
	}{
		{"one subject", []progress{{transferUpdate, one, 1, false}, {transferUpdate, one, 2, false}, {transferUpdate, one, 3, false}}, "3x3"},
		{"two subjects", []progress{{transferUpdate, one, 1, false}, {transferUpdate, two, 2, false}, {transferUpdate, one, 3, false}}, "2 3x2"},
		{"two types", []progress{{transferUpdate, one, 1, false}, {transferCheck, one, 2, false}, {transferUpdate, one, 3, false}}, "2 3x2"},
		{"the end in between", []progress{{transferUpdate, one, 1, false}, {transferUpdate, one, 2, true}, {transferUpdate, one, 3, false}}, "1 2 3"},
		{"no subject", []progress{{transferUpdate, protocol.ID{}, 1, false}, {transferUpdate, protocol.ID{}, 2, false}}, "1 2"},
		{"not declared", []progress{{transferTrace, one, 1, false}, {transferTrace, one, 2, false}}, "1 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := event.NewBus(protocol.NewID())
			s := subscribe(b, protocol.SubscribeRequest{EventTypes: []protocol.EventType{transferUpdate.Type, transferCheck.Type, transferTrace.Type}})
			for _, p := range tt.published {
				b.Publish(p.of.New(transfer{Peer: p.peer, Done: p.done, Ended: p.ended}))
			}
			got := ""
			for i, g := range drain(t, s) {
				var d transfer
				if err := g.Data.Decode(&d); err != nil {
					t.Fatal(err)
				}
				if i > 0 {
					got += " "
				}
				got += fmt.Sprint(d.Done)
				if g.coalesced > 1 {
					got += fmt.Sprint("x", g.coalesced)
				}
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestMoreTypesThanAnyMask declares types until no word has a bit for each.
func TestMoreTypesThanAnyMask(t *testing.T) {
	b := event.NewBus(protocol.NewID())
	for i, typ := range manyTypes {
		s := subscribe(b, protocol.SubscribeRequest{EventTypes: []protocol.EventType{typ.Type}})
		for _, other := range manyTypes {
			b.Publish(other.New(api.Empty{}))
		}
		if all := drain(t, s); len(all) != 1 || all[0].Type != typ.Type {
			t.Fatalf("subscriber %d got %+v", i, all)
		}
		if types := s.State().Types; len(types) != 1 || types[0] != typ.Type {
			t.Fatalf("subscriber %d has the types %v", i, types)
		}
		s.Stop()
		if n := b.Stats().Published[typ.Index()]; n != uint64(i+1) {
			t.Fatalf("%d of type %d published, want %d", n, i, i+1)
		}
	}
}

var manyTypes = func() (all []protocol.EventOf[api.Empty]) {
	for i := range 150 {
		name := protocol.EventType(fmt.Sprint("Many", i))
		all = append(all, protocol.DeclareEvent(name, "One of many", protocol.EventTraits[api.Empty]{}))
	}
	return all
}()

func TestAnUndeclaredTypeIsRefused(t *testing.T) {
	req := protocol.SubscribeRequest{EventTypes: []protocol.EventType{"transferUpdate"}}
	if err := protocol.AsError(req.Validate()); err == nil || err.Code != protocol.Validation {
		t.Errorf("%v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("an event of no declared type was published")
		}
	}()
	event.NewBus(protocol.NewID()).Publish(protocol.Event{Type: "transferUpdate"})
}
