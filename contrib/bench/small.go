package main

import (
	"context"
	"slices"
	"strconv"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// smallCall is the call of which most targets speak: typed input and output,
// about 100 bytes each way.
func smallCall(enc protocol.Encoding) (protocol.Request, error) {
	return query(enc, benchapi.Small, benchapi.ASmallMessage)
}

// A match is our side in one encoding, and an echo of the same bytes.
type match struct {
	name       string // of the encoding
	ours, echo *side
}

// matchSmall returns the sides of the small call to benchd, which the last
// function stops, and their list for takeRounds.
func (b *bench) matchSmall(ctx context.Context, where place, args ...string) (matches []match, sides []*side, stop func(), err error) {
	socket, server, err := b.startBenchd(ctx, where.start)
	if err != nil {
		return nil, nil, nil, err
	}
	stop = func() {
		stopAll(sides)
		server.stop()
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	for _, enc := range encodings {
		all, err := exchanges(socket, enc, smallCall)
		if err != nil {
			return nil, nil, nil, err
		}
		m := match{name: encodingName(enc)}
		if m.ours, err = b.loadSide(where, "ours", socket, all, args...); err != nil {
			return nil, nil, nil, err
		}
		sides = append(sides, m.ours)
		if m.echo, err = b.echoSide(ctx, where, all, all, args...); err != nil {
			return nil, nil, nil, err
		}
		sides = append(sides, m.echo)
		matches = append(matches, m)
	}
	return matches, sides, stop, nil
}

// small measures the small call, one after another.
func (b *bench) small(ctx context.Context) ([]row, error) {
	where := oneCoreOrAny()
	matches, sides, stop, err := b.matchSmall(ctx, where, "-mode", "call", "-calls", strconv.Itoa(b.Calls))
	if err != nil {
		return nil, err
	}
	defer stop()
	var typed []*side
	defer func() { stopAll(typed) }()
	for _, enc := range encodings {
		s, err := b.callerSide(where, enc, matches[0].ours.address, "-call", "small", "-calls", strconv.Itoa(b.Calls))
		if err != nil {
			return nil, err
		}
		typed = append(typed, s)
	}
	peers := b.peerSides(ctx, where, callPeers, "-mode", "call", "-calls", strconv.Itoa(b.Calls))
	defer stopAll(peers)
	if err := b.takeRounds(ctx, slices.Concat(sides, typed, peers)); err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range matches {
		name := "small call, " + m.name + ", " + where.name
		rows = append(rows, beside(name, "µs", m.ours, m.echo, smallMedian))
		for _, peer := range peers {
			rows = append(rows, beside(name, "µs", m.ours, peer, onlyGRPC(peer, target{MaxRatio: 1 / 4.0})))
		}
		rows = append(rows, tails(name, "µs", m.ours, m.echo, smallP99))
	}
	for _, s := range typed {
		name := "small call through protocol/client, " + s.name + ", " + where.name
		rows = append(rows, beside(name, "µs", s, peers[0], target{}))
	}
	return rows, nil
}

// onlyGRPC returns the target for the peer that has one.
func onlyGRPC(peer *side, t target) target {
	if peer.name == grpc.name {
		return t
	}
	return target{}
}

// Calls a round of many clients: more than one makes, for a rate is one figure
// a round.
const (
	manyCalls     = 8 // times Calls, of load's
	manyPeerCalls = 2 // times Calls, of the peers', which are slower
)

// clients measures how many small calls a second 16 and 256 clients make that
// have one in flight each.
func (b *bench) clients(ctx context.Context) ([]row, error) {
	var rows []row
	for _, clients := range []int{16, 256} {
		n := []string{"-mode", "clients", "-clients", strconv.Itoa(clients)}
		matches, sides, stop, err := b.matchSmall(ctx, anyCore, append(n, "-calls", strconv.Itoa(manyCalls*b.Calls))...)
		if err != nil {
			return nil, err
		}
		peers := b.peerSides(ctx, anyCore, callPeers, append(n, "-calls", strconv.Itoa(manyPeerCalls*b.Calls))...)
		err = b.takeRounds(ctx, append(sides, peers...))
		stopAll(peers)
		stop()
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			name := "small calls, " + m.name + ", " + strconv.Itoa(clients) + " clients"
			rows = append(rows, beside(name, "/s", m.ours, m.echo, target{MinRatio: 0.5}))
			for _, peer := range peers {
				rows = append(rows, beside(name, "/s", m.ours, peer, onlyGRPC(peer, target{MinRatio: 5})))
			}
		}
	}
	return rows, nil
}
