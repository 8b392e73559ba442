package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// memory reads the resident set of a daemon at rest with one library, empty
// and then indexed.
func (b *bench) memory(ctx context.Context) ([]row, error) {
	d, err := b.startDaemon(ctx, anywhere)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	empty := row{Name: "idle daemon, empty library", Unit: "MiB", Max: 40}
	if err := b.rest(ctx, d, &empty); err != nil {
		return nil, err
	}
	tree, err := b.indexed(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := timed(d.command(ctx, "location", "add", tree)); err != nil {
		return nil, err
	}
	full := row{Name: "idle daemon, tree indexed", Unit: "MiB", Max: 40}
	if err := b.rest(ctx, d, &full); err != nil {
		return nil, err
	}
	return []row{empty, full}, nil
}

// rest lets the daemon rest and then reads its resident set.
func (b *bench) rest(ctx context.Context, d *daemon, r *row) error {
	select {
	case <-time.After(b.Settle):
	case <-ctx.Done():
		return ctx.Err()
	}
	text := procField(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid), "VmRSS")
	if text == "" {
		r.Skipped = "no /proc/PID/status here"
		b.say("NOT MEASURED: %s: %s", r.Name, r.Skipped)
		return nil
	}
	kib, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	if err != nil {
		return err
	}
	r.Ours = summarise([]float64{kib / 1024})
	return nil
}
