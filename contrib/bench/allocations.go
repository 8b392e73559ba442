package main

import (
	"context"
	"math"
	"strconv"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// allocations counts what the server allocates for a small call: objects over a
// round of calls, one after another, less what asking for the count allocates.
func (b *bench) allocations(ctx context.Context) ([]row, error) {
	socket, server, err := b.startBenchd(ctx, anyCore.start)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	c, err := client.Dial(ctx, client.Socket(socket))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	counted := func() (uint64, error) {
		counters, err := client.Call(ctx, c, benchapi.Counters, api.Empty{})
		return counters.Allocations, err
	}
	var rows []row
	for _, enc := range encodings {
		all, err := exchanges(socket, enc, smallCall)
		if err != nil {
			return nil, err
		}
		s, err := b.loadSide(anyCore, "ours", socket, all, "-mode", "call", "-calls", strconv.Itoa(b.Calls))
		if err != nil {
			return nil, err
		}
		figures, err := b.allocationsOf(ctx, s, counted)
		s.stop()
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			Name: "allocations of a small call, " + encodingName(enc), Unit: "objects",
			Ours: summarise(figures), Target: target{Max: 10},
		})
	}
	return rows, nil
}

// allocationsOf returns how many objects a call of s costs, round by round.
func (b *bench) allocationsOf(ctx context.Context, s *side, counted func() (uint64, error)) ([]float64, error) {
	var figures []float64
	for round := range b.Rounds + 1 {
		start, err := counted()
		if err != nil {
			return nil, err
		}
		idle, err := counted() // what the asking costs
		if err != nil {
			return nil, err
		}
		if _, err := s.agent.round(ctx); err != nil {
			return nil, err
		}
		end, err := counted()
		if err != nil {
			return nil, err
		}
		if round > 0 {
			asking := int64(idle - start)
			each := float64(int64(end-idle)-asking) / float64(b.Calls)
			figures = append(figures, math.Round(each*10)/10) // the rest is the runtime's own
		}
	}
	return figures, nil
}
