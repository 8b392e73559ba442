// Command caller makes calls to benchd through protocol/client, as a program in
// Go does: inputs are encoded and answers decoded into their types.
//
//	caller -call small|listing -calls N [-json] SOCKET
//
// For each line on stdin it makes so many calls and prints how many
// microseconds each took, a JSON array.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

func main() {
	what := flag.String("call", "small", "small or listing")
	calls := flag.Int("calls", 1000, "calls a round")
	lines := flag.Bool("json", false, "in JSON, not CBOR")
	flag.Parse()
	if err := run(flag.Arg(0), *what, *calls, *lines); err != nil {
		fmt.Fprintln(os.Stderr, "caller:", err)
		os.Exit(1)
	}
}

func run(socket, what string, calls int, lines bool) error {
	ctx := context.Background()
	target := client.Socket(socket)
	target.Encoding = protocol.CBOR
	if lines {
		target.Encoding = protocol.JSON
	}
	c, err := client.Dial(ctx, target)
	if err != nil {
		return err
	}
	defer c.Close()
	call := map[string]func(context.Context, *client.Client) error{"small": small, "listing": listing}[what]
	if call == nil {
		return fmt.Errorf("no call %q", what)
	}
	for rounds := bufio.NewScanner(os.Stdin); rounds.Scan(); {
		took := make([]float64, calls)
		for i := range took {
			began := time.Now()
			if err := call(ctx, c); err != nil {
				return err
			}
			took[i] = float64(time.Since(began)) / float64(time.Microsecond)
		}
		if err := json.MarshalWrite(os.Stdout, took); err != nil {
			return err
		}
	}
	return nil
}

func small(ctx context.Context, c *client.Client) error {
	got, err := client.Call(ctx, c, benchapi.Small, benchapi.ASmallMessage)
	if err == nil && got != benchapi.ASmallMessage {
		err = fmt.Errorf("the answer is %+v", got)
	}
	return err
}

func listing(ctx context.Context, c *client.Client) error {
	got, err := client.Call(ctx, c, benchapi.Listing, benchapi.ListingInput{Entries: api.MaxLimit})
	if err == nil && (len(got.Hits) != api.MaxLimit || got.Hits[api.MaxLimit-1].Entry.ID != lastID) {
		err = fmt.Errorf("the listing has %d entries, the last of them wrong", len(got.Hits))
	}
	return err
}

var lastID = benchapi.Entries(api.MaxLimit)[api.MaxLimit-1].Entry.ID
