package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTenThousandTriesAtAFullHouse: whoever is connected is served, and each
// who comes too late is told so.
func TestTenThousandTriesAtAFullHouse(t *testing.T) {
	data := t.TempDir()
	const allowed, tries, workers = 1024, 10_000, 16
	launch{args: []string{"--data-dir", data}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	inside := make([]*client, allowed)
	for i := range inside {
		inside[i] = dial(t, socket)
		want(t, inside[i].ask(`{"type":"ping"}`), "type", "pong")
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range tries / workers {
				if err := tryInVain(socket); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	status := inside[0].ok(`{"type":"query","method":"core.status"}`)
	want(t, status, "connections", fmt.Sprint(allowed))
	for _, c := range inside {
		want(t, c.ask(`{"type":"query","method":"libraries.list","id":3}`), "type", "ok")
		c.Close()
	}
	awaitPong(t, socket)
}

// tryInVain expects to be told that there are too many connections.
func tryInVain(socket string) error {
	nc, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(nc, "{"); err != nil {
		return err
	}
	answer, err := io.ReadAll(nc)
	if err != nil || !strings.Contains(string(answer), "too_many_connections") {
		return fmt.Errorf("answered %q, %v", answer, err)
	}
	return nil
}

// awaitPong waits until a new connection is served: the daemon takes a moment
// to see that others have gone.
func awaitPong(t *testing.T, socket string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		m := dial(t, socket).ask(`{"type":"ping"}`)
		if m["type"] == "pong" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("a new connection gets %v", m)
		}
	}
}

// TestOutOfFileDescriptors: who cannot be accepted waits in the kernel, and is
// served when others have gone.
func TestOutOfFileDescriptors(t *testing.T) {
	data := t.TempDir()
	p := launch{args: []string{"--data-dir", data, "--log-format", "console"}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	first := dial(t, socket)
	first.ok(`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`)
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	few := uint64(len(open) + 10)
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: few, Max: few}, nil); err != nil {
		t.Fatal(err)
	}
	crowd := make([]*client, 50)
	for i := range crowd {
		crowd[i] = dial(t, socket)
		if _, err := fmt.Fprintln(crowd[i], `{"type":"ping"}`); err != nil {
			t.Fatal(err)
		}
	}
	want(t, first.ask(`{"type":"query","method":"core.status","id":1}`), "type", "ok")
	for _, c := range crowd { // each makes room for the next
		want(t, c.recv(), "type", "pong")
		c.Close()
	}
	first.ok(`{"type":"action","method":"libraries.create","payload":{"name":"y"}}`)
	p.signal(syscall.SIGTERM)
	code, stderr := p.wait()
	if n := strings.Count(stderr, "cannot accept a connection"); code != 0 || n == 0 || n > 1000 {
		t.Errorf("exit %d, and %d times the log tells of it", code, n)
	}
}
