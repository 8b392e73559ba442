package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// search measures search.files over the indexed tree.
func (b *bench) search(ctx context.Context) ([]row, error) {
	tree, err := b.indexed(ctx)
	if err != nil {
		return nil, err
	}
	d, err := b.startDaemon(ctx, anywhere)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if _, err := timed(d.command(ctx, "location", "add", tree)); err != nil {
		return nil, err
	}
	var rows []row
	for _, query := range []string{"invoice", "holiday photo", "0a7f", "nothing has this name"} {
		var took []float64
		hits := int64(0)
		for i := range b.Runs + 1 { // the first is for warming up
			began := time.Now()
			found, err := client.Call(ctx, d.client, api.SearchFiles, api.SearchInput{Query: query})
			if err != nil {
				return nil, err
			}
			if i > 0 {
				took = append(took, milliseconds(time.Since(began)))
			}
			hits = found.Total
		}
		rows = append(rows, row{Name: fmt.Sprintf("search %q, %d hits", query, hits), Unit: "ms", Ours: summarise(took)})
	}
	return rows, nil
}
