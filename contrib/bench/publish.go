package main

import (
	"context"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// publishedEvents is how many events a round publishes, times Calls.
const publishedEvents = 20

// publish measures what an event costs its publisher when nobody subscribes.
func (b *bench) publish(ctx context.Context) ([]row, error) {
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
	var figures []float64
	events := publishedEvents * b.Calls
	for round := range b.Rounds + 1 {
		done, err := client.Call(ctx, c, benchapi.Publish, benchapi.PublishInput{Events: events})
		if err != nil {
			return nil, err
		}
		if round > 0 {
			figures = append(figures, float64(done.TookNS)/float64(events))
		}
	}
	return []row{{Name: "publish, no subscriber", Unit: "ns", Ours: summarise(figures), Target: target{Max: 1000}}}, nil
}
