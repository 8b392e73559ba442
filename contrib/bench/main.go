// Command bench measures what the daemon promises to be quick at, each thing
// beside the plainest program that does the same, turn by turn in one run:
//
//	go run ./contrib/bench
//	go run ./contrib/bench --only calls,index --files 50000 --json
//
// It prints a table of medians with the ratio and the target of each row.
// Figures are of this machine and this minute: compare the columns of one
// run, and run it while nothing else does. Each part is in the file of its name; the plain
// programs it compares with are in echo and minimal.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// options say what is measured, and how often.
type options struct {
	Only   []string      `placeholder:"PART" enum:"calls,process,activation,memory,index,search" help:"Measure only these parts: calls, process, activation, memory, index, search."`
	Files  int           `default:"200000" help:"Files in the generated tree."`
	Tree   string        `type:"existingdir" placeholder:"DIR" help:"Index this folder instead of a generated tree."`
	Rounds int           `default:"7" help:"Rounds of indexing, and of calls."`
	Calls  int           `default:"5000" help:"Calls to each server in a round."`
	Runs   int           `default:"101" help:"Runs of each short-lived program, and searches of each query."`
	Settle time.Duration `default:"10s" help:"How long the daemon rests before its memory is read."`
	Bin    string        `type:"existingdir" placeholder:"DIR" help:"Measure spacedrive and spacedrived in this folder instead of building them. Activation builds its own all the same."`
	Dir    string        `type:"existingdir" placeholder:"DIR" help:"Make the tree and the data folders here (default: the system's folder for temporary files)."`
	JSON   bool          `help:"Print one JSON document."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("bench"), kong.Description("Measure spacedrive beside the plainest programs that do the same."))
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

// measure measures all parts that o asks for.
func measure(ctx context.Context, o options) (r report, err error) {
	b := &bench{options: o, progress: os.Stderr}
	if err := b.prepare(ctx); err != nil {
		return r, err
	}
	defer b.close()
	r.Machine = thisMachine()
	for _, part := range []struct {
		name string
		run  func(*bench, context.Context) ([]row, error)
	}{
		{"calls", (*bench).calls},
		{"process", (*bench).process},
		{"activation", (*bench).activation},
		{"memory", (*bench).memory},
		{"index", (*bench).index},
		{"search", (*bench).search},
	} {
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
