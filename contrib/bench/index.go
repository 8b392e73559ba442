package main

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// index measures "spacedrive location add", which waits until the location is
// indexed, into a fresh library each time, beside find.
func (b *bench) index(ctx context.Context) ([]row, error) {
	tree, err := b.indexed(ctx)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("index %d files, shallow, warm", b.Files)
	if b.Tree != "" {
		name = "index " + b.Tree + ", shallow, warm"
	}
	find := func() *exec.Cmd { return exec.CommandContext(ctx, "find", tree, "-printf", `%p %s %T@\n`) }
	if _, err := timed(find()); err != nil {
		why := "no find with -printf here: " + err.Error()
		b.say("NOT MEASURED: %s: %s", name, why)
		return []row{{Name: name, Unit: "ms", Target: target{MaxRatio: 4}, Skipped: why}}, nil
	}
	d, err := b.startDaemon(ctx, anywhere)
	if err != nil {
		return nil, err
	}
	defer d.stop()

	var ours, theirs []float64
	for round := range b.Rounds + 1 { // the first is for warming up
		lib, err := client.Call(ctx, d.client, api.LibrariesCreate, api.LibraryCreateInput{Name: fmt.Sprintf("Round %d", round)})
		if err != nil {
			return nil, err
		}
		took, err := timed(d.command(ctx, "--library", lib.ID.String(), "location", "add", tree))
		if err != nil {
			return nil, err
		}
		_, err = client.Call(ctx, d.client, api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: true}, client.InLibrary(lib.ID))
		if err != nil {
			return nil, err
		}
		least, err := timed(find())
		if err != nil {
			return nil, err
		}
		if round > 0 {
			ours, theirs = append(ours, took), append(theirs, least)
		}
	}
	return []row{compare(name, "ms", ours, "find", theirs, target{MaxRatio: 4})}, nil
}
