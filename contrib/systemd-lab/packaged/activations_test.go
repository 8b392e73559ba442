//go:build linux

package packaged

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// activations is how many daemons the test starts, unless ACTIVATIONS asks for
// more, as contrib/long/run does.
const activations = 300

// Each connection starts a daemon, is answered, and sees it exit because it is
// idle; the next connection comes at that very moment, when systemd may not have
// heard of the exit. Three instances take turns on the processors.
func TestActivationsLoseNoRequest(t *testing.T) {
	want := activations
	if text := os.Getenv("ACTIVATIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		want = n
	}
	m := installed(t, newPackage)
	ann := m.person("ann")
	ann.write(".config/spacedrive/config.toml", "idle_timeout = \"1ms\"\n")
	instances := []string{"a", "b", "c"}
	args := []string{strconv.Itoa((want + len(instances) - 1) / len(instances))}
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
	if report.Activations < want {
		t.Errorf("%d activations, want %d", report.Activations, want)
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
