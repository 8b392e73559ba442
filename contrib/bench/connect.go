package main

import (
	"context"
	"strconv"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// hello is what a client says first.
func hello(protocol.Encoding) (protocol.Request, error) {
	return protocol.Request{
		Type: protocol.TypeHello, ID: 1,
		Hello: &protocol.HelloRequest{Client: "bench/1", Protocol: []uint64{protocol.Version, protocol.Version}},
	}, nil
}

// connect measures a connection that is opened, says hello, makes a small call
// and is closed.
func (b *bench) connect(ctx context.Context) ([]row, error) {
	where := oneCoreOrAny()
	socket, server, err := b.startBenchd(ctx, where.start)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	var sides []*side
	defer func() { stopAll(sides) }()
	var matches []match
	for _, enc := range encodings {
		all, err := exchanges(socket, enc, hello, smallCall)
		if err != nil {
			return nil, err
		}
		args := []string{"-mode", "connect", "-calls", strconv.Itoa(b.Calls)}
		ours, err := b.loadSide(where, "ours", socket, all, args...)
		if err != nil {
			return nil, err
		}
		sides = append(sides, ours)
		echo, err := b.echoSide(ctx, where, all, all, args...)
		if err != nil {
			return nil, err
		}
		sides = append(sides, echo)
		matches = append(matches, match{"connection with hello and a call, " + encodingName(enc) + ", " + where.name, ours, echo})
	}
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range matches {
		rows = append(rows, beside(m.name, "µs", m.ours, m.echo, target{MaxRatio: 2}))
	}
	return rows, nil
}
