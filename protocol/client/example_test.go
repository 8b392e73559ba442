package client_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Ask the user's daemon how it is.
func ExampleDial() {
	ctx := context.Background()
	target := client.Socket(config.SocketPath(config.DataDir(), "dev"))
	target.Client, target.Instance = "my-tray/1.0", "dev"
	c, err := client.Dial(ctx, target)
	if client.Absent(err) {
		log.Fatal("no daemon runs")
	}
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	status, err := client.Call(ctx, c, api.CoreStatus, api.Empty{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Version, status.PID)
}

// Print what happens in the libraries, over restarts of the daemon.
func ExampleClient_Subscribe() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Socket(config.SocketPath(config.DataDir(), "")))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	sub, err := c.Subscribe(ctx, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.EntriesChanged.Type}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for {
		m, err := sub.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		switch {
		case m.Event != nil:
			fmt.Println(m.Event.Type, m.Event.LibraryID)
		case m.Gap != nil:
			fmt.Println("some events are missing: read the state again")
		}
	}
}
