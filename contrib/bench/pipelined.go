package main

import (
	"context"
	"strconv"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

const (
	// pipelinedRequests is how many different requests, by their ids, a
	// client sends over and over: more than may be in flight.
	pipelinedRequests = 4096
	// pipelinedCalls is how many a round makes, times Calls.
	pipelinedCalls = 40
)

// pipelined measures calls a second on one connection, of a client that does
// not wait for answers: small ones and core.status. The echo gathers its answers
// as the server does, and shows what the client can do.
func (b *bench) pipelined(ctx context.Context) ([]row, error) {
	socket, server, err := b.startBenchd(ctx, anyCore.start)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	d, err := b.startDaemon(ctx, anyCore.start)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	var sides []*side
	defer func() { stopAll(sides) }()
	var matches []match
	for _, op := range []struct {
		name, socket string
		request      func(protocol.Encoding) (protocol.Request, error)
	}{
		{"small calls pipelined", socket, smallCall},
		{"core.status pipelined", d.socket, named(api.CoreStatus, api.Empty{}, target{}, target{}).request},
	} {
		for _, enc := range encodings {
			all, err := b.numbered(op.socket, enc, op.request)
			if err != nil {
				return nil, err
			}
			args := []string{"-mode", "pipeline", "-calls", strconv.Itoa(pipelinedCalls * b.Calls)}
			ours, err := b.loadSide(anyCore, "ours", op.socket, all, args...)
			if err != nil {
				return nil, err
			}
			sides = append(sides, ours)
			echo, err := b.echoSide(ctx, anyCore, all[:1], all, args...)
			if err != nil {
				return nil, err
			}
			sides = append(sides, echo)
			matches = append(matches, match{op.name + ", " + encodingName(enc), ours, echo})
		}
	}
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range matches {
		rows = append(rows, beside(m.name, "/s", m.ours, m.echo, target{Min: 500_000}))
	}
	return rows, nil
}

// numbered returns the requests that a pipelining client sends, each with
// another id. All have as many bytes, and the first its reply.
func (b *bench) numbered(socket string, enc protocol.Encoding, call func(protocol.Encoding) (protocol.Request, error)) ([]exchange, error) {
	all := make([]exchange, min(pipelinedRequests, b.Calls))
	for i := range all {
		r, err := call(enc)
		if err != nil {
			return nil, err
		}
		r.ID = uint64(1000 + i)
		if i == 0 {
			one, err := ask(socket, enc, r)
			if err != nil {
				return nil, err
			}
			all[0] = one[0]
			continue
		}
		if all[i].request, err = r.Append(nil, enc); err != nil {
			return nil, err
		}
	}
	return all, nil
}
