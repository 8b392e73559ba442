// Command load is the client side of the measurements: plain blocking sockets,
// requests that are encoded before the clock runs, and replies that are read
// into a large buffer and counted, not decoded. It is the same for every
// server, so that what differs is the server.
//
//	load -mode MODE [flags] ADDRESS
//
// ADDRESS is a unix socket's path, or host:port. It connects, and for each line
// on stdin runs a round and prints the round's figures, a JSON array: the
// microseconds of each call, or a rate a second.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
)

// flags are what a mode may need; its file says which.
type flags struct {
	mode    string
	request string
	calls   int
	clients int
	fanout  fanoutFlags
}

// A round measures once.
type round func() ([]float64, error)

func main() {
	var f flags
	flag.StringVar(&f.mode, "mode", "", "call, clients, pipeline, connect or fanout")
	flag.StringVar(&f.request, "request", "", "file of what is sent: one message; for pipeline several; for connect two")
	flag.IntVar(&f.calls, "calls", 1000, "calls a round")
	flag.IntVar(&f.clients, "clients", 1, "connections, each with one call at a time")
	f.fanout.register()
	flag.Parse()
	if err := run(f, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(f flags, address string) error {
	modes := map[string]func(flags, string) (round, error){
		"call": call, "clients": clients, "pipeline": pipeline, "connect": connect, "fanout": fanout,
	}
	prepare := modes[f.mode]
	if prepare == nil {
		return fmt.Errorf("no mode %q", f.mode)
	}
	measure, err := prepare(f, address)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		figures, err := measure()
		if err != nil {
			return err
		}
		if err := json.MarshalWrite(os.Stdout, figures); err != nil {
			return err
		}
	}
	return nil
}

var errClosed = errors.New("the server has closed the connection")
