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
			fmt.Println(human.Progress(j.Kind, j.Status, j.Progress))
			if err := watch.Error(&j.Job); err != nil {
				message, hint := human.Error(err)
				log.Fatalf("%s (%s)", message, hint)
			}
		}
	}
}
