package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

const (
	// window is how many events are published before all subscribers must have
	// all of them, at most: fewer than a subscriber's queue holds, so that none
	// is ever missing.
	window = 1000
	// windowDeliveries bounds a window for many subscribers, for servers that
	// copy an event for each.
	windowDeliveries = 100_000
	// roundDeliveries is how many a round delivers, about, times Calls, and
	// roundEvents how many it publishes at most: with few subscribers an event
	// costs more than its delivery.
	roundDeliveries = 200
	roundEvents     = 20
)

// A flow says how events flow in a round of a fan-out.
type flow struct {
	subscribers, mute int
	events, windows   int
	each              bool // the figures are the time of each window
}

func (f flow) args() []string {
	args := []string{
		"-mode", "fanout", "-subscribers", strconv.Itoa(f.subscribers), "-mute", strconv.Itoa(f.mute),
		"-events", strconv.Itoa(f.events), "-windows", strconv.Itoa(f.windows),
	}
	if f.each {
		args = append(args, "-each")
	}
	return args
}

// flowTo returns that of a round to so many subscribers.
func (b *bench) flowTo(subscribers int) flow {
	events := max(1, min(window, windowDeliveries/subscribers))
	return flow{
		subscribers: subscribers, events: events,
		windows: max(1, b.Calls*min(roundDeliveries, roundEvents*subscribers)/(events*subscribers)),
	}
}

// fanout measures how many events of 200 bytes are delivered a second, to
// subscribers with a filter each, and when the last of 1,000 has one that is
// published alone.
func (b *bench) fanout(ctx context.Context) ([]row, error) {
	var rows []row
	better := target{MinRatio: 1.5} // than either: than the better of the two
	for _, subscribers := range []int{1, 100, 1000} {
		name := fmt.Sprintf("events to %d subscribers", subscribers)
		more, err := b.fanoutRows(ctx, name, "/s", b.flowTo(subscribers), better)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	alone := flow{subscribers: 1000, events: 1, windows: max(1, b.Calls/100), each: true}
	more, err := b.fanoutRows(ctx, "last of 1000 subscribers", "µs", alone, target{})
	return append(rows, more...), err
}

func (b *bench) fanoutRows(ctx context.Context, name, unit string, f flow, better target) ([]row, error) {
	var sides []*side
	defer func() { stopAll(sides) }()
	for _, enc := range encodings {
		s, err := b.subscribedSide(ctx, encodingName(enc), enc, f)
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	ours := len(sides)
	sides = append(sides, b.fanoutPeers(ctx, f)...)
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	var rows []row
	for _, s := range sides[:ours] {
		if err := noGaps(ctx, s); err != nil {
			return nil, err
		}
		for _, peer := range sides[ours:] {
			t := better
			if peer.name == dbus.name { // too slow to be one of the two
				t = target{}
			}
			rows = append(rows, beside(name+", "+s.name, unit, s, peer, t))
		}
	}
	return rows, nil
}

// subscribedSide returns a side whose client subscribes to events of one
// library, and has a benchd of its own publish them.
func (b *bench) subscribedSide(ctx context.Context, name string, enc protocol.Encoding, f flow) (*side, error) {
	subscribe := protocol.Request{
		Type: protocol.TypeSubscribe, ID: 1, Subscribe: &protocol.SubscribeRequest{
			EventTypes: []protocol.EventType{api.LocationUpdated.Type},
			Filter:     protocol.Filter{LibraryID: benchapi.Library},
		},
	}
	publish, err := query(enc, benchapi.Publish, benchapi.PublishInput{Events: f.events})
	if err != nil {
		return nil, err
	}
	args := f.args()
	for flag, request := range map[string]protocol.Request{"-subscribe": subscribe, "-publish": publish} {
		content, err := request.Append(nil, enc)
		if err != nil {
			return nil, err
		}
		path, err := b.file(content)
		if err != nil {
			return nil, err
		}
		args = append(args, flag, path)
	}
	socket, server, err := b.startBenchd(ctx, anyCore.start)
	if err != nil {
		return nil, err
	}
	a, err := b.startAgent(anyCore.start, filepath.Join(b.tools, "load"), append(args, socket)...)
	if err != nil {
		server.stop()
		return nil, err
	}
	return &side{name: name, address: socket, server: server, agent: a}, nil
}

// noGaps reports events that were counted as delivered and were not.
func noGaps(ctx context.Context, s *side) error {
	c, err := client.Dial(ctx, client.Socket(s.address))
	if err != nil {
		return err
	}
	defer c.Close()
	counters, err := client.Call(ctx, c, benchapi.Counters, api.Empty{})
	if err == nil && counters.Gaps > 0 {
		err = fmt.Errorf("subscribers were sent %d gaps: nothing has been measured", counters.Gaps)
	}
	return err
}
