package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// listings is how many a round asks for, of Calls.
const listings = 1 / 250.0

func (b *bench) listings() string { return strconv.Itoa(max(2, int(float64(b.Calls)*listings))) }

// listing measures answers of 10,000 entries: as they are received, beside an
// echo of as many bytes, once with about 100 bytes an entry and once with all
// that a search's hit has; the latter decoded into its type, beside gRPC; and
// from the daemon's search, which reads them from SQLite.
func (b *bench) listing(ctx context.Context) ([]row, error) {
	names := operation{
		name: "listing of 10000 entries", median: target{MaxRatio: 5},
		request: func(enc protocol.Encoding) (protocol.Request, error) {
			return query(enc, benchapi.Names, benchapi.ListingInput{Entries: api.MaxLimit})
		},
	}
	hits := operation{
		name: "listing of 10000 hits",
		request: func(enc protocol.Encoding) (protocol.Request, error) {
			return query(enc, benchapi.Listing, benchapi.ListingInput{Entries: api.MaxLimit})
		},
	}
	socket, server, err := b.startBenchd(ctx, anyCore.start)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	var rows []row
	for _, op := range []operation{names, hits} {
		more, err := b.listingBesideEcho(ctx, socket, op)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	decoded, err := b.decodedListing(ctx, socket)
	if err != nil {
		return nil, err
	}
	searched, err := b.searchedListing(ctx)
	return append(append(rows, decoded...), searched...), err
}

// listingBesideEcho measures an answer as it is received.
func (b *bench) listingBesideEcho(ctx context.Context, socket string, op operation) ([]row, error) {
	var sides []*side
	defer func() { stopAll(sides) }()
	var matches []match
	for _, enc := range encodings {
		all, err := exchanges(socket, enc, op.request)
		if err != nil {
			return nil, err
		}
		args := []string{"-mode", "call", "-calls", b.listings()}
		ours, err := b.loadSide(anyCore, "ours", socket, all, args...)
		if err != nil {
			return nil, err
		}
		sides = append(sides, ours)
		echo, err := b.echoSide(ctx, anyCore, all, all, args...)
		if err != nil {
			return nil, err
		}
		sides = append(sides, echo)
		name := fmt.Sprintf("%s, %.1f MB of %s", op.name, float64(len(all[0].reply))/1e6, encodingName(enc))
		matches = append(matches, match{name, ours, echo})
	}
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range matches {
		rows = append(rows, beside(m.name, "µs", m.ours, m.echo, op.median))
	}
	return rows, nil
}

// decodedListing measures the listing decoded into its type, through the
// clients that programs in Go use.
func (b *bench) decodedListing(ctx context.Context, socket string) ([]row, error) {
	var sides []*side
	defer func() { stopAll(sides) }()
	for _, enc := range encodings {
		s, err := b.callerSide(anyCore, enc, socket, "-call", "listing", "-calls", b.listings())
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	peers := b.peerSides(ctx, anyCore, []peer{grpc}, "-mode", "listing", "-calls", b.listings())
	sides = append(sides, peers...)
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	const name = "listing of 10000 hits, decoded, "
	return []row{
		beside(name+sides[0].name, "µs", sides[0], peers[0], target{}),
		beside(name+sides[1].name, "µs", sides[1], peers[0], target{MaxRatio: 1}),
	}, nil
}

// callerSide returns a side whose client is protocol/client.
func (b *bench) callerSide(where place, enc protocol.Encoding, socket string, args ...string) (*side, error) {
	if enc == protocol.JSON {
		args = append(args, "-json")
	}
	a, err := b.startAgent(where.start, filepath.Join(b.tools, "caller"), append(args, socket)...)
	return &side{name: encodingName(enc), agent: a}, err
}

// searchedListing measures search.files with a page of 10,000 hits, or as many
// as trees have files in this run.
func (b *bench) searchedListing(ctx context.Context) ([]row, error) {
	files := min(b.Files, api.MaxLimit)
	tree := filepath.Join(b.dir, "listed")
	if err := makeTree(ctx, tree, files); err != nil {
		return nil, err
	}
	d, err := b.startDaemon(ctx, anyCore.start)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if _, err := timed(d.command(ctx, "location", "add", tree)); err != nil {
		return nil, err
	}
	return b.listingBesideEcho(ctx, d.socket, operation{
		name: fmt.Sprintf("search.files, %d hits", files),
		request: func(enc protocol.Encoding) (protocol.Request, error) {
			return query(enc, api.SearchFiles, api.SearchInput{Page: api.Page{Limit: files}})
		},
	})
}
