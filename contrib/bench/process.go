package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// process measures "spacedrive status" from its start to its end, beside a
// program that does no more than connect, ask and print.
func (b *bench) process(ctx context.Context) ([]row, error) {
	d, err := b.startDaemon(ctx, anywhere)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	ours, theirs, err := takeTurns(b.Runs,
		func() *exec.Cmd { return d.command(ctx, "status") },
		func() *exec.Cmd { return exec.CommandContext(ctx, filepath.Join(b.tools, "minimal"), d.socket) })
	if err != nil {
		return nil, err
	}
	return []row{compare("spacedrive status", "ms", ours, "minimal program", theirs, target{MaxRatio: 3})}, nil
}

// takeTurns runs two commands in turn and returns how many milliseconds each
// run took. The first run of each is for warming up.
func takeTurns(runs int, ours, theirs func() *exec.Cmd) (a, b []float64, err error) {
	for i := range runs + 1 {
		first, err := timed(ours())
		if err != nil {
			return nil, nil, err
		}
		second, err := timed(theirs())
		if err != nil {
			return nil, nil, err
		}
		if i > 0 {
			a, b = append(a, first), append(b, second)
		}
	}
	return a, b, nil
}

// timed runs a command, its stdout discarded, and returns its milliseconds.
func timed(cmd *exec.Cmd) (float64, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", cmd, err, stderr.Bytes())
	}
	return milliseconds(time.Since(began)), nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
