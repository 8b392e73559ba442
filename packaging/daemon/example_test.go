package daemon_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// Connect to the user's daemon, started if need be.
func ExampleDaemon_Start() {
	ctx := context.Background()
	settings, err := config.Load(config.DefaultPath())
	if err != nil {
		log.Fatal(err)
	}
	place := flags.Place{Instance: settings.Instance, Socket: settings.Socket}
	d := daemon.At(place, settings, func(string) flags.Source { return flags.FromFile })
	d.Target.Client = "my-tray/1.0"
	c, how, err := d.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	status, err := client.Call(ctx, c, api.CoreStatus, api.Empty{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(how, status.PID, len(status.Libraries))
}

// Say whether the daemon comes by itself, and stop it.
func ExampleDaemon_Stop() {
	settings := config.Default()
	d := daemon.At(flags.Place{}, settings, func(string) flags.Source { return flags.FromDefault })
	units, installed := d.Units()
	if installed && units.Socket.Active == "active" {
		fmt.Println(units.Socket.Name, "starts it again at the next connection")
	}
	pids, err := d.Stop(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stopped", pids)
}
