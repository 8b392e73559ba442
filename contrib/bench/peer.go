package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// peersModule is the folder, from this module's root, of the peers that are Go
// programs: "PROGRAM serve ADDRESS", and "PROGRAM load FLAGS ADDRESS" with the
// flags of load.
const peersModule = "contrib/bench/peers"

// A peer is what else a program could be called through.
type peer struct{ name, program string }

var (
	grpc     = peer{"gRPC", "grpc"}
	overHTTP = peer{"HTTP/1.1", "http"}
	netRPC   = peer{"net/rpc", "netrpc"}
	dbus     = peer{"D-Bus", "dbus"}

	callPeers = []peer{grpc, overHTTP, netRPC, dbus}
)

// build builds the peer's program, and returns its path.
func (b *bench) buildPeer(ctx context.Context, p peer) (string, error) {
	path := filepath.Join(b.tools, "peer-"+p.program)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("cannot find this module: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./"+p.program)
	cmd.Dir = filepath.Join(string(trimLine(root)), peersModule)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build %s: %w: %s", p.program, err, out)
	}
	return path, nil
}

func trimLine(text []byte) []byte {
	for len(text) > 0 && text[len(text)-1] == '\n' {
		text = text[:len(text)-1]
	}
	return text
}

// peerSides returns the sides of peers, each with a server of its own. One that
// cannot be built or started is a side that is skipped.
func (b *bench) peerSides(ctx context.Context, where place, peers []peer, args ...string) []*side {
	var sides []*side
	for _, p := range peers {
		s := &side{name: p.name, peer: true}
		if err := b.startPeer(ctx, where, p, s, args); err != nil {
			s.stop()
			s.skip(b, err)
		}
		sides = append(sides, s)
	}
	return sides
}

func (b *bench) startPeer(ctx context.Context, where place, p peer, s *side, args []string) error {
	program, err := b.buildPeer(ctx, p)
	if err != nil {
		return err
	}
	s.address = b.socket()
	if s.server, err = b.startServer(ctx, where.start, "unix", program, "serve", s.address); err != nil {
		return err
	}
	s.agent, err = b.startAgent(where.start, program, append(append([]string{"load"}, args...), s.address)...)
	return err
}

// freePort returns an address of this host that nobody listens on.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}
