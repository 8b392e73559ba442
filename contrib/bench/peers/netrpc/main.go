// Command netrpc is the small call through net/rpc, in gob, over a unix socket.
package main

import (
	"net"
	"net/rpc"

	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/message"
	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/round"
)

// Bench is the service.
type Bench struct{}

// Small says it again.
func (Bench) Small(in message.Small, out *message.Small) error {
	*out = in
	return nil
}

func main() { round.Main(serve, load) }

func serve(address string) error {
	server := rpc.NewServer()
	if err := server.Register(Bench{}); err != nil {
		return err
	}
	ln, err := net.Listen("unix", address)
	if err != nil {
		return err
	}
	server.Accept(ln)
	return nil
}

func load(f round.Flags, address string) (round.Measure, error) {
	return round.Calls(f, func() (func() error, error) {
		c, err := rpc.Dial("unix", address)
		return func() error {
			var out message.Small
			if err := c.Call("Bench.Small", message.ASmall, &out); err != nil {
				return err
			}
			return message.Check(out)
		}, err
	})
}
