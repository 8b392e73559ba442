package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestNothingIsLeftOfAStorm has many clients misbehave at random, and then
// looks for what they left: descriptors, connections, subscriptions.
func TestNothingIsLeftOfAStorm(t *testing.T) {
	data := t.TempDir()
	p := launch{args: []string{"--data-dir", data, "--log-level", "warn"}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	watcher := dial(t, socket)
	watcher.ok(`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`)
	before := descriptors(t, p)
	var wg sync.WaitGroup
	const clients, sessions = 24, 40
	for n := range clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for range sessions {
				nc, err := net.Dial("unix", socket)
				if err != nil {
					t.Error(err)
					return
				}
				misbehave(nc.(*net.UnixConn), random)
				nc.Close()
			}
		})
	}
	wg.Wait()
	awaitOne(t, p, watcher, before)
}

// descriptors returns how many files the daemon has open, without those of its
// libraries, which come and go.
func descriptors(t *testing.T, p *process) (n int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	open, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// misbehave sends some messages, good and bad, reads some answers or none, and
// leaves in one way or another.
func misbehave(nc *net.UnixConn, random *rand.Rand) {
	_ = nc.SetDeadline(time.Now().Add(200 * time.Millisecond)) // neither side waits for the other for ever
	messages := []string{
		`{"type":"ping","id":1}`, `{"type":"query","id":2,"method":"libraries.list"}`, `{"type":"query","method":"core.methods"}`,
		`{"type":"subscribe","id":3,"heartbeat_ms":1}`, `{"type":"subscribe","id":4,"event_types":["LogMessage"],"tail":100}`,
		`{"type":"unsubscribe","target":3}`, `{"type":"cancel","target":2}`, `{"type":"query","id":2,"method":"search.files","payload":{"query":"a"}}`,
		`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`, `{`, `{"type":"query","method":"search.files","payload":{"query":`,
		`{"type":"ping"` + strings.Repeat(" ", 200<<10) + `}`, "\x00\x00\x00\x09\xa1", "\xff",
	}
	for range random.IntN(20) {
		if _, err := io.WriteString(nc, messages[random.IntN(len(messages))]); err != nil {
			return
		}
		if random.IntN(8) > 0 {
			_, _ = io.WriteString(nc, "\n")
		}
		if random.IntN(4) == 0 {
			_, _ = nc.Read(make([]byte, 1+random.IntN(1000)))
		}
	}
	switch random.IntN(3) {
	case 0:
		_ = nc.CloseWrite()
		_, _ = io.Copy(io.Discard, nc)
	case 1:
		_ = nc.CloseRead()
	}
}
