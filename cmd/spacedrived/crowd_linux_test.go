package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTenThousandTriesAtAFullHouse: whoever is connected is served, and each
// who comes too late is told so. When they have gone, so has what they took.
func TestTenThousandTriesAtAFullHouse(t *testing.T) {
	data := t.TempDir()
	const allowed, tries, workers = 1024, 10_000, 16
	const most = 128 << 20 // bytes of memory for a full house
	p := launch{args: []string{"--data-dir", data}, program: plainProgram(t)}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	inside := make([]*client, allowed)
	before := 0 // descriptors, with one client
	for i := range inside {
		inside[i] = dial(t, socket)
		want(t, inside[i].ask(`{"type":"ping"}`), "type", "pong")
		if i == 0 {
			before = descriptors(t, p)
		}
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
	for i, c := range inside {
		_ = c.SetDeadline(time.Now().Add(patience))
		want(t, c.ask(`{"type":"query","method":"libraries.list","id":3}`), "type", "ok")
		if i > 0 {
			c.Close()
		}
	}
	awaitOne(t, p, inside[0], before)
	if peak := residentPeak(t, p); peak > most {
		t.Errorf("the daemon has used %d MiB", peak>>20)
	}
}

// awaitOne waits until c is the daemon's only client, and it has no more
// descriptors than before the others came.
func awaitOne(t *testing.T, p *process, c *client, before int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status := c.ok(`{"type":"query","method":"core.status"}`)
		now := descriptors(t, p)
		if get(status, "connections") == "1" && get(status, "subscriptions.count") == "0" && now <= before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors, %d before; %v", now, before, status)
		}
		<-tick.C
	}
}

// residentPeak returns the most memory that the daemon has had, in bytes
// (VmHWM, proc(5)).
func residentPeak(t *testing.T, p *process) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
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
	few := uint64(len(open) + 20) // enough for another library
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
	// The daemon closes its ends a little later.
	for connections := "50"; connections != "1"; {
		connections = get(first.ask(`{"type":"query","method":"core.status"}`), "payload.connections")
	}
	first.ok(`{"type":"action","method":"libraries.create","payload":{"name":"y"}}`)
	p.signal(syscall.SIGTERM)
	code, stderr := p.wait()
	if n := strings.Count(stderr, "cannot accept a connection"); code != 0 || n == 0 || n > 1000 {
		t.Errorf("exit %d, and %d times the log tells of it", code, n)
	}
}
