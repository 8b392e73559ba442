package lab

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

func TestTheFirstConnectionStartsTheDaemon(t *testing.T) {
	d := install(t)
	if state := d.property("spacedrive.service", "ActiveState"); state != "inactive" {
		t.Fatalf("before any connection the service is %s", state)
	}
	nc := exec.Command("nc", "-U", "-N", d.socket)
	nc.Stdin = strings.NewReader(statusQuery + "\n")
	out, err := nc.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"type":"ok"`) {
		t.Fatalf("nc printed %q: %v", out, err)
	}
	if s := d.status(); s.Activation != "systemd" || s.Instance.Name != "default" {
		t.Errorf("it says of itself: %+v", s)
	}
	if got, want := d.property("spacedrive.service", "MainPID"), fmt.Sprint(d.status().PID); got != want {
		t.Errorf("systemd knows pid %s, and %s answered", got, want)
	}
}

func TestRequestsSentBeforeReadyAreAnswered(t *testing.T) {
	d := install(t)
	const clients, requests = 20, 50
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			var lines []string
			for i := range requests {
				lines = append(lines, fmt.Sprintf(`{"type":"query","id":%d,"method":"core.status"}`, i+1))
			}
			answers, err := exchange(d.socket, lines...)
			seen := make(map[uint64]bool)
			for _, a := range answers {
				if a.Type != "ok" || seen[a.ID] {
					t.Errorf("request %d: %v", a.ID, a)
				}
				seen[a.ID] = true
			}
			if err != nil || len(seen) != requests {
				t.Errorf("%d of %d requests answered: %v", len(seen), requests, err)
			}
		})
	}
	all.Wait()
}

func TestATemplateRunsAnotherInstance(t *testing.T) {
	d := install(t)
	first := d.status()
	d.systemctl("enable", "--now", "spacedrive@dev.socket")
	d.socket = strings.TrimSuffix(d.socket, ".sock") + "-dev.sock"
	dev := d.status()
	if dev.Instance.Name != "dev" || dev.Activation != "systemd" {
		t.Errorf("the template's socket leads to %+v", dev)
	}
	if dev.PID == first.PID {
		t.Errorf("one process, %d, serves both units", dev.PID)
	}
	if out := d.spacedrive("--instance", "dev", "status", "--json"); !strings.Contains(out, dev.BootID.String()) {
		t.Errorf("spacedrive --instance dev reached another: %s", out)
	}
}
