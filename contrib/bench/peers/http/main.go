// Command http is the small call as JSON in HTTP/1.1, over a unix socket.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"

	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/message"
	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/round"
)

func main() { round.Main(serve, load) }

func serve(address string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /bench.small", func(w http.ResponseWriter, r *http.Request) {
		var m message.Small
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(m) // a client that has gone misses nothing
	})
	ln, err := net.Listen("unix", address)
	if err != nil {
		return err
	}
	return http.Serve(ln, mux)
}

func load(f round.Flags, address string) (round.Measure, error) {
	return round.Calls(f, func() (func() error, error) {
		c := &http.Client{Transport: &http.Transport{
			MaxConnsPerHost: 1,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", address)
			},
		}}
		return func() error { return call(c) }, nil
	})
}

func call(c *http.Client) error {
	body, err := json.Marshal(message.ASmall)
	if err != nil {
		return err
	}
	r, err := c.Post("http://bench/bench.small", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", r.Status)
	}
	var got message.Small
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		return err
	}
	return message.Check(got)
}
