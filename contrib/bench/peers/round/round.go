// Package round is what the programs of this module have in common: Main is
// their command line, which that of contrib/bench/load resembles, and Measure a
// round of calls.
package round

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"
)

// Flags say what a round is.
type Flags struct {
	Mode    string
	Calls   int // a round
	Clients int

	Subscribers, Mute int
	Events, Windows   int
	Each              bool
}

// A Measure runs a round and returns its figures: the microseconds of each
// call, or a rate a second.
type Measure func() ([]float64, error)

// Main runs "serve ADDRESS", which does not return but for an error, or "load
// FLAGS ADDRESS", which connects and then, for each line on stdin, runs a round
// and prints its figures.
func Main(serve func(address string) error, load func(f Flags, address string) (Measure, error)) {
	if err := run(serve, load); err != nil {
		fmt.Fprintln(os.Stderr, os.Args[0]+":", err)
		os.Exit(1)
	}
}

func run(serve func(string) error, load func(Flags, string) (Measure, error)) error {
	if len(os.Args) < 3 {
		return fmt.Errorf("say serve ADDRESS or load FLAGS ADDRESS")
	}
	if os.Args[1] == "serve" {
		if err := os.Remove(os.Args[2]); err != nil && !os.IsNotExist(err) {
			return err
		}
		return serve(os.Args[2])
	}
	var f Flags
	set := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	set.StringVar(&f.Mode, "mode", "call", "call, clients, or another that the peer has")
	set.IntVar(&f.Calls, "calls", 1000, "calls a round")
	set.IntVar(&f.Clients, "clients", 1, "connections, each with one call at a time")
	set.IntVar(&f.Subscribers, "subscribers", 1, "connections that subscribe")
	set.IntVar(&f.Mute, "mute", 0, "further ones that never read")
	set.IntVar(&f.Events, "events", 1, "events in a window")
	set.IntVar(&f.Windows, "windows", 1, "windows a round")
	set.BoolVar(&f.Each, "each", false, "print the microseconds of each window")
	if err := set.Parse(os.Args[2:]); err != nil {
		return err
	}
	measure, err := load(f, set.Arg(0))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		figures, err := measure()
		if err != nil {
			return err
		}
		if err := out.Encode(figures); err != nil {
			return err
		}
	}
	return nil
}

// Calls returns the measure of calls that connect has made ready, each on a
// connection of its own: one after another, or, in mode clients, from many
// goroutines at once.
func Calls(f Flags, connect func() (call func() error, err error)) (Measure, error) {
	calls := make([]func() error, f.Clients)
	for i := range calls {
		var err error
		if calls[i], err = connect(); err != nil {
			return nil, err
		}
	}
	if f.Mode == "clients" {
		return func() ([]float64, error) { return together(f.Calls, calls) }, nil
	}
	return func() ([]float64, error) {
		took := make([]float64, f.Calls)
		for i := range took {
			began := time.Now()
			if err := calls[0](); err != nil {
				return nil, err
			}
			took[i] = float64(time.Since(began)) / float64(time.Microsecond)
		}
		return took, nil
	}, nil
}

// together returns how many calls a second are made at once.
func together(n int, calls []func() error) ([]float64, error) {
	each := max(1, n/len(calls))
	failed := make(chan error, len(calls))
	var wg sync.WaitGroup
	began := time.Now()
	for _, call := range calls {
		wg.Go(func() {
			for range each {
				if err := call(); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	rate := float64(each*len(calls)) / time.Since(began).Seconds()
	select {
	case err := <-failed:
		return nil, err
	default:
		return []float64{rate}, nil
	}
}
