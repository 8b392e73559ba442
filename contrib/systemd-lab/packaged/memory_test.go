//go:build linux

package packaged

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// A machine without memory to spare: the kernel kills the daemon in the midst
// of a job, and systemd brings it back.
func TestADaemonKilledForItsMemoryComesBack(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		release := f.addSlowly()
		before := f.status()
		f.starve(before.PID)
		f.until("the kernel to kill the daemon", func() bool {
			f.askMuch()
			return f.property("spacedrive.service", "NRestarts") == "1"
		})
		if log := f.root("journalctl", "-o", "cat", "_PID=1", "+", "_COMM=systemd"); !strings.Contains(log, "status=9/KILL") && !strings.Contains(log, "oom-kill") {
			f.t.Errorf("it died of something else:\n%s", log)
		}
		if s := f.status(); s.BootID == before.BootID {
			f.t.Error("the daemon that was killed answers")
		}
		f.goesOn("a death for want of memory")
		if state := f.property("spacedrive.socket", "ActiveState"); state != "active" {
			f.t.Errorf("the socket is %s", state)
		}
		release()
		f.ends()
	})
}

// starve leaves the running daemon no memory to grow in, until it ends: as an
// administrator does, by MemoryMax=, where systemd has the controller; where
// the machine has it the old way (cgroup v1), by hand.
func (f *form) starve(pid int) {
	f.t.Helper()
	const v1 = "/sys/fs/cgroup/memory"
	if _, err := os.Stat(v1 + "/memory.limit_in_bytes"); err != nil {
		f.systemctl("set-property", "--runtime", "spacedrive.service", "MemoryMax=4M", "MemorySwapMax=0")
		f.t.Cleanup(func() { f.systemctl("set-property", "--runtime", "spacedrive.service", "MemoryMax=") })
		return
	}
	group := filepath.Join(v1, filepath.Base(f.dir))
	if err := os.Mkdir(group, 0o755); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		f.until("the group's end", func() bool { return os.Remove(group) == nil })
	})
	for name, value := range map[string]int{"memory.limit_in_bytes": 1 << 20, "cgroup.procs": f.pidOutside(pid)} {
		if err := os.WriteFile(filepath.Join(group, name), []byte(strconv.Itoa(value)), 0); err != nil {
			f.t.Fatal(err)
		}
	}
}

// askMuch has the daemon do what takes memory, whether it answers or not.
func (f *form) askMuch() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := client.Dial(ctx, client.Socket(f.outside(f.socket(""))))
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = client.Call(ctx, c, api.SearchFiles, api.SearchInput{Page: api.Page{Limit: api.MaxLimit}})
}

// pidOutside returns the pid that a process inside has outside.
func (m *machine) pidOutside(pid int) int {
	m.t.Helper()
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", m.leader()))
	if err != nil {
		m.t.Fatal(err)
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		if its, err := os.Readlink(dir + "/ns/pid"); err != nil || its != space {
			continue
		}
		status, err := os.ReadFile(dir + "/status")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if pids := strings.Fields(line); pids[0] == "NSpid:" && pids[len(pids)-1] == strconv.Itoa(pid) {
				outside, _ := strconv.Atoi(filepath.Base(dir))
				return outside
			}
		}
	}
	m.t.Fatalf("the process %d has ended", pid)
	return 0
}
