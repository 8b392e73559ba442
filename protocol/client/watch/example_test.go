package watch_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/client/watch"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Add a folder and show how far its index job is.
func Example() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Socket(config.SocketPath(config.DataDir(), "")))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var seq uint64
	added, err := client.Call(ctx, c, api.LocationsAdd, api.LocationAddInput{Path: "/srv/photos"}, client.WithSeq(&seq))
	if err != nil {
		log.Fatal(err)
	}
	for update, err := range watch.Jobs(ctx, c, watch.Options{After: seq}, added.JobID) {
		if err != nil {
			log.Fatal(err)
		}
		for _, j := range update.Jobs {
			fmt.Println(watch.Progress(j.Kind, j.Status, j.Progress))
			if err := watch.Error(&j.Job); err != nil {
				message, hint := human.Error(err)
				log.Fatalf("%s (%s)", message, hint)
			}
		}
	}
}

func ExampleProgress() {
	p := api.Progress{Done: 12_000, Total: 48_000, BytesDone: 3 << 30, Rate: 900, ETAMS: 40_000}
	fmt.Println(watch.Progress("index", api.JobRunning, p))
	// Output: Indexing  25%  12,000 of 48,000  3.0 GiB  900/s  40s left
}
