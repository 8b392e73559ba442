// Command bench measures what the daemon promises to be quick at, each thing
// beside the plainest program that does the same, turn by turn in one run:
//
//	go run ./contrib/bench
//	go run ./contrib/bench --only calls,index --files 50000 --json
//
// It prints a table of medians with the ratio and the target of each row.
// Figures are of this machine and this minute: compare the columns of one run,
// and run it while nothing else does. Each part is in the file of its name.
//
// The servers are spacedrived and, for what it has no operation for, benchd:
// the same server over other handlers. Beside them run echo and minimal, which
// do the least that a program in Go can do, and the programs in peers, a module
// of its own so that what they need is not what spacedrive needs. The client is
// load, the same for all that it can speak to.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// options say what is measured, and how often.
type options struct {
	Only   []string      `placeholder:"PART" help:"Measure only these parts: ${parts}."`
	Files  int           `default:"200000" help:"Files in the generated tree."`
	Tree   string        `type:"existingdir" placeholder:"DIR" help:"Index this folder instead of a generated tree."`
	Rounds int           `default:"7" help:"Rounds of indexing, and of calls, after one for warming up."`
	Calls  int           `default:"5000" help:"Calls to each server in a round."`
	Runs   int           `default:"101" help:"Runs of each short-lived program, and searches of each query."`
	Settle time.Duration `default:"10s" help:"How long the daemon rests before its memory is read."`
	Bin    string        `type:"existingdir" placeholder:"DIR" help:"Measure spacedrive and spacedrived in this folder instead of building them. Activation builds its own all the same."`
	Dir    string        `type:"existingdir" placeholder:"DIR" help:"Make the tree and the data folders here (default: the system's folder for temporary files)."`
	JSON   bool          `help:"Print one JSON document."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("bench"), kong.Description("Measure spacedrive beside its peers."),
		kong.Vars{"parts": strings.Join(partNames(), ", ")})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	r, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if o.JSON {
		return json.MarshalWrite(os.Stdout, r, jsontext.WithIndent("  "))
	}
	return r.print(os.Stdout)
}

// parts are what can be measured, in the order in which it is.
var parts = []struct {
	name string
	run  func(*bench, context.Context) ([]row, error)
}{
	{"transport", (*bench).transport},
	{"calls", (*bench).calls},
	{"small", (*bench).small},
	{"clients", (*bench).clients},
	{"pipelined", (*bench).pipelined},
	{"listing", (*bench).listing},
	{"allocations", (*bench).allocations},
	{"fanout", (*bench).fanout},
	{"publish", (*bench).publish},
	{"unread", (*bench).unread},
	{"connect", (*bench).connect},
	{"process", (*bench).process},
	{"activation", (*bench).activation},
	{"memory", (*bench).memory},
	{"index", (*bench).index},
	{"search", (*bench).search},
}

func partNames() (names []string) {
	for _, part := range parts {
		names = append(names, part.name)
	}
	return names
}

// known reports a part that there is not.
func (o *options) known() error {
	for _, name := range o.Only {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("no part %q; there are %s", name, strings.Join(partNames(), ", "))
		}
	}
	return nil
}

// measure measures all parts that o asks for.
func measure(ctx context.Context, o options) (r report, err error) {
	if err := o.known(); err != nil {
		return r, err
	}
	b := &bench{options: o, progress: os.Stderr}
	if err := b.prepare(ctx); err != nil {
		return r, err
	}
	defer b.close()
	r.Machine = thisMachine()
	for _, part := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, part.name) {
			continue
		}
		b.say("measuring: %s", part.name)
		rows, err := part.run(b, ctx)
		if err != nil {
			return r, fmt.Errorf("%s: %w", part.name, err)
		}
		r.Rows = append(r.Rows, rows...)
	}
	return r, nil
}
