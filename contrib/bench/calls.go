package main

import (
	"context"
	"path/filepath"
	"strconv"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

var encodings = []protocol.Encoding{protocol.JSON, protocol.CBOR}

func encodingName(enc protocol.Encoding) string {
	if enc == protocol.CBOR {
		return "CBOR"
	}
	return "JSON"
}

// An operation is one that is measured by name.
type operation struct {
	name    string
	request func(protocol.Encoding) (protocol.Request, error)
	median  target // beside the raw echo, with both on one core
	p99     target
}

func named[In, Out any](op protocol.Operation[In, Out], in In, median, p99 target) operation {
	return operation{
		name:    op.Name,
		request: func(enc protocol.Encoding) (protocol.Request, error) { return query(enc, op, in) },
		median:  median, p99: p99,
	}
}

// What a small call is to reach beside a raw echo of the same bytes.
var (
	smallMedian = target{MaxRatio: 1.5}
	smallP99    = target{MaxRatio: 2}
)

// calls measures operations of the daemon, one call after another, beside an
// echo server that reads and writes the same bytes.
func (b *bench) calls(ctx context.Context) ([]row, error) {
	operations := []operation{
		named(api.CoreStatus, api.Empty{}, target{MaxRatio: 2}, target{}),
		named(api.LibrariesCurrent, api.Empty{}, smallMedian, smallP99),
	}
	rows, err := b.callsOn(ctx, oneCoreOrAny(), operations)
	if err != nil {
		return nil, err
	}
	for i := range operations {
		operations[i].median, operations[i].p99 = target{}, target{}
	}
	more, err := b.callsOn(ctx, anyCore, operations)
	return append(rows, more...), err
}

func (b *bench) callsOn(ctx context.Context, where place, operations []operation) ([]row, error) {
	d, err := b.startDaemon(ctx, where.start)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	return b.besideEcho(ctx, where, d.socket, operations)
}

// besideEcho measures operations of a server, one call after another, beside an
// echo server that reads and writes the same bytes.
func (b *bench) besideEcho(ctx context.Context, where place, socket string, operations []operation) ([]row, error) {
	var sides []*side
	defer func() { stopAll(sides) }()
	var names []string
	var targets [][2]target
	for _, op := range operations {
		for _, enc := range encodings {
			all, err := exchanges(socket, enc, op.request)
			if err != nil {
				return nil, err
			}
			ours, err := b.loadSide(where, "ours", socket, all, "-mode", "call", "-calls", strconv.Itoa(b.Calls))
			if err != nil {
				return nil, err
			}
			sides = append(sides, ours)
			echo, err := b.echoSide(ctx, where, all, all, "-mode", "call", "-calls", strconv.Itoa(b.Calls))
			if err != nil {
				return nil, err
			}
			sides = append(sides, echo)
			names = append(names, op.name+", "+encodingName(enc)+", "+where.name)
			targets = append(targets, [2]target{op.median, op.p99})
		}
	}
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	var rows []row
	for i, name := range names {
		ours, echo := sides[2*i], sides[2*i+1]
		rows = append(rows, beside(name, "µs", ours, echo, targets[i][0]))
		if targets[i][1] != (target{}) {
			rows = append(rows, tails(name, "µs", ours, echo, targets[i][1]))
		}
	}
	return rows, nil
}

// exchanges makes one call of each, on one connection.
func exchanges(socket string, enc protocol.Encoding, calls ...func(protocol.Encoding) (protocol.Request, error)) ([]exchange, error) {
	var requests []protocol.Request
	for _, call := range calls {
		r, err := call(enc)
		if err != nil {
			return nil, err
		}
		requests = append(requests, r)
	}
	return ask(socket, enc, requests...)
}

// loadSide returns a side whose client sends the exchanges' requests to a
// server that runs already.
func (b *bench) loadSide(where place, name, socket string, all []exchange, args ...string) (*side, error) {
	path, err := b.requestFile(all...)
	if err != nil {
		return nil, err
	}
	a, err := b.startAgent(where.start, filepath.Join(b.tools, "load"), append(args, "-request", path, socket)...)
	return &side{name: name, address: socket, agent: a}, err
}

// echoSide returns a side whose server does no more than answer with the
// replies of has, in turn, and whose client sends the requests of sends.
func (b *bench) echoSide(ctx context.Context, where place, has, sends []exchange, args ...string) (*side, error) {
	socket, server, err := b.startEcho(ctx, where.start, has...)
	if err != nil {
		return nil, err
	}
	s, err := b.loadSide(where, "raw echo", socket, sends, args...)
	if err != nil {
		server.stop()
		return nil, err
	}
	s.server = server
	return s, nil
}
