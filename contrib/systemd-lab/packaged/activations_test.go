//go:build linux

package packaged

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// So many daemons the test starts, or as many as fit into the time: a machine
// that does much else at the same moment is slow at it. ACTIVATIONS asks for a
// number, however long it takes.
const (
	activations     = 10_000
	activationsTime = 30 * time.Second
)

// Each of ten thousand connections starts a daemon, is answered, and sees it
// exit for want of work; the next connection comes at that very moment, when
// systemd may not have heard of the exit. Two instances take turns on the
// processors.
func TestTenThousandActivationsLoseNoRequest(t *testing.T) {
	want, limit := activations, activationsTime
	if text := os.Getenv("ACTIVATIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		want, limit = n, time.Hour
	}
	m := installed(t, newPackage)
	ann := m.person("ann")
	ann.write(".config/spacedrive/config.toml", "idle_timeout = \"1ms\"\n")
	instances := []string{"a", "b", "c"}
	args := []string{strconv.Itoa((want + len(instances) - 1) / len(instances)), limit.String()}
	for _, name := range instances {
		ann.systemctl("start", "spacedrive@"+name+".socket")
		args = append(args, ann.socket(name))
	}
	before := journalSize(m)
	var report activateReport
	ann.play("activate", args...).end(&report)
	if len(report.Lost) > 0 || report.Boots != report.Activations {
		t.Errorf("%d activations were answered, by %d daemons; lost: %v", report.Activations, report.Boots, report.Lost)
	}
	if report.Activations < want && report.TookMS < limit.Milliseconds() || report.Activations < 10 {
		t.Errorf("%d activations in %d ms, of %d", report.Activations, report.TookMS, want)
	}
	t.Logf("%d activations in %d ms; the journal grew by %d KiB", report.Activations, report.TookMS, (journalSize(m)-before)/1024)
	if o := m.try("journalctl", "--quiet", "-o", "cat", "--grep=Failed with result"); o.out != "" {
		t.Errorf("daemons failed: %.1000s", o.out)
	}
	for _, name := range instances {
		if state := ann.property("spacedrive@"+name+".socket", "ActiveState") + " " + ann.property("spacedrive@"+name+".service", "NRestarts"); state != "active 0" {
			t.Errorf("%s: socket and restarts are %s", name, state)
		}
	}
}

func journalSize(m *machine) int {
	m.t.Helper()
	n, err := strconv.Atoi(strings.Fields(m.root("du", "-sb", "/var/log/journal"))[0])
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}
