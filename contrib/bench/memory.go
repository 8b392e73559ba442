package main

import (
	"context"
	"errors"
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
	empty := row{Name: "idle daemon, empty library", Unit: "MiB", Target: target{Max: 40}}
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
	full := row{Name: "idle daemon, tree indexed", Unit: "MiB", Target: target{Max: 40}}
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
	mib, err := resident(d.process)
	if errors.Is(err, errNoProc) {
		r.Skipped = err.Error()
		b.say("NOT MEASURED: %s: %s", r.Name, r.Skipped)
		return nil
	}
	r.Ours = summarise([]float64{mib})
	return err
}

var errNoProc = errors.New("no /proc/PID/status here")

// resident returns the resident set of a process, in MiB.
func resident(p *process) (float64, error) {
	text := procField(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmRSS")
	if text == "" {
		return 0, errNoProc
	}
	kib, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	return kib / 1024, err
}
