package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// A broker is a server that events are fanned out by, and what is said to it in
// its own protocol, which is of lines: load speaks it, as no client library
// does it with less.
type broker struct {
	login     string // what a publisher says first
	subscribe string
	greeting  int // lines that come before events
	publish   func(event []byte) string
	published int // lines that answer it
	lines     int // of an event
}

// A subscriber's filter is the subject, or channel.
const subject = "library.LocationUpdated"

var (
	natsBroker = broker{
		login:     "CONNECT {\"verbose\":false}\r\nPING\r\n",
		subscribe: "CONNECT {\"verbose\":false}\r\nSUB " + subject + " 1\r\nPING\r\n",
		greeting:  2, // INFO and PONG
		publish: func(event []byte) string {
			return fmt.Sprintf("PUB %s %d\r\n%s\r\n", subject, len(event), event)
		},
		lines: 2,
	}
	redisBroker = broker{
		subscribe: fmt.Sprintf("*2\r\n$9\r\nSUBSCRIBE\r\n$%d\r\n%s\r\n", len(subject), subject),
		greeting:  6,
		publish: func(event []byte) string {
			return fmt.Sprintf("*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(subject), subject, len(event), event)
		},
		published: 1,
		lines:     7,
	}
)

// fanoutPeers returns the sides that fan events out.
func (b *bench) fanoutPeers(ctx context.Context, f flow) []*side {
	nats := &side{name: "NATS over TCP", peer: true} // it has no other way in for a process
	if err := b.startNATS(ctx, nats, f); err != nil {
		nats.stop()
		nats.skip(b, err)
	}
	redis := &side{name: "Redis", peer: true}
	if err := b.startRedis(ctx, redis, f); err != nil {
		redis.stop()
		redis.skip(b, err)
	}
	if !f.each {
		f.windows = max(1, f.windows/10) // it is that slow
	}
	return append([]*side{nats, redis}, b.peerSides(ctx, anyCore, []peer{dbus}, f.args()...)...)
}

func (b *bench) startNATS(ctx context.Context, s *side, f flow) error {
	program, err := b.buildPeer(ctx, peer{"NATS", "nats"})
	if err != nil {
		return err
	}
	if s.address, err = freePort(); err != nil {
		return err
	}
	if s.server, err = b.startServer(ctx, anyCore.start, "tcp", program, "serve", s.address); err != nil {
		return err
	}
	return b.startFanout(s, natsBroker, f)
}

func (b *bench) startRedis(ctx context.Context, s *side, f flow) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("%w: install redis-server", err)
	}
	s.address = b.socket()
	// The socket's path is last, for startServer.
	if s.server, err = b.startServer(ctx, anyCore.start, "unix", program, "--port", "0", "--save", "", "--appendonly", "no",
		"--dir", b.dir, "--unixsocket", s.address); err != nil {
		return err
	}
	return b.startFanout(s, redisBroker, f)
}

// startFanout starts the client of a broker that runs.
func (b *bench) startFanout(s *side, k broker, f flow) error {
	event := benchapi.Event()
	event.Seq, event.Time = 1_000_000, time.Now().UTC() // as numbered as ours
	payload, err := protocol.JSON.Marshal(&event)
	if err != nil {
		return err
	}
	args := append(f.args(), "-greeting", strconv.Itoa(k.greeting), "-published", strconv.Itoa(k.published*f.events), "-lines", strconv.Itoa(k.lines))
	for flag, content := range map[string]string{
		"-login": k.login, "-subscribe": k.subscribe, "-publish": strings.Repeat(k.publish(payload), f.events),
	} {
		if content == "" {
			continue
		}
		path, err := b.file([]byte(content))
		if err != nil {
			return err
		}
		args = append(args, flag, path)
	}
	s.agent, err = b.startAgent(anyCore.start, filepath.Join(b.tools, "load"), append(args, s.address)...)
	return err
}
