package main

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strconv"
)

// transport measures what the kernel's part costs: an echo of so many bytes
// each way over a unix socket, beside the same over TCP on the loopback
// interface.
func (b *bench) transport(ctx context.Context) ([]row, error) {
	var rows []row
	for _, where := range slices.CompactFunc([]place{oneCoreOrAny(), anyCore}, func(a, b place) bool { return a.name == b.name }) {
		for _, size := range []struct {
			name  string
			bytes int
			less  int // so many times fewer calls
		}{{"64 B", 64, 1}, {"100 B", 100, 1}, {"10 KB", 10_000, 1}, {"1000 KB", 1_000_000, 50}} {
			unix, tcp, err := b.echoBoth(ctx, where, size.bytes, max(2, b.Calls/size.less))
			if err != nil {
				return nil, err
			}
			rows = append(rows, beside("raw echo over a unix socket, "+size.name+", "+where.name, "µs", unix, tcp, target{}))
		}
	}
	return rows, nil
}

// echoBoth returns the sides of messages of so many bytes.
func (b *bench) echoBoth(ctx context.Context, where place, size, calls int) (unix, tcp *side, err error) {
	line := append(bytes.Repeat([]byte{'x'}, size-1), '\n')
	file, err := b.file(line)
	if err != nil {
		return nil, nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	sides := []*side{{name: "unix", address: b.socket()}, {name: "TCP", address: port}}
	defer func() { stopAll(sides) }()
	for _, s := range sides {
		s.server, err = b.startServer(ctx, where.start, map[string]string{"unix": "unix", "TCP": "tcp"}[s.name],
			filepath.Join(b.tools, "echo"), file, file, s.address)
		if err != nil {
			return nil, nil, err
		}
		s.agent, err = b.startAgent(where.start, filepath.Join(b.tools, "load"),
			"-mode", "call", "-calls", strconv.Itoa(calls), "-request", file, s.address)
		if err != nil {
			return nil, nil, err
		}
	}
	return sides[0], sides[1], b.takeRounds(ctx, sides)
}
