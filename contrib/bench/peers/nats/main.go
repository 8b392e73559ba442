// Command nats is a NATS server, embedded. It has no socket but TCP's: its way
// into its own process, for clients in Go, is no way for others.
package main

import (
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/round"
)

func main() {
	round.Main(serve, func(round.Flags, string) (round.Measure, error) {
		return nil, errors.New("contrib/bench/load speaks its protocol")
	})
}

func serve(address string) error {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{
		Host: host, Port: port, NoLog: true,
		// No line comes between events.
		PingInterval: time.Hour, DisableShortFirstPing: true,
	})
	if err != nil {
		return err
	}
	s.Start()
	s.WaitForShutdown()
	return nil
}
