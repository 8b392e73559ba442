package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

func (d *daemon) options() packaging.Options {
	return packaging.Options{Program: filepath.Join(share, "bin/spacedrived")}
}

func TestInstallEnablesNothingAndSaysWhatIsNext(t *testing.T) {
	d := clean(t)
	report, err := packaging.Install(d.options())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Written) != 4 || report.Socket != d.socket {
		t.Errorf("it reports %+v", report)
	}
	if state := d.property("spacedrive.socket", "ActiveState") + " " + d.property("spacedrive.socket", "UnitFileState"); state != "inactive disabled" {
		t.Errorf("after the installation the socket is %s", state)
	}
	for _, command := range report.Next {
		d.run("sh", "-c", command)
	}
	if s := d.status(); s.Activation != "systemd" {
		t.Errorf("after %q: %+v", report.Next, s)
	}

	again, err := packaging.Install(d.options())
	if err != nil || len(again.Written) != 0 || len(again.Unchanged) != 4 || len(again.Next) != 0 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestInstallOverAnOlderUnitSaysWhatToRestart(t *testing.T) {
	d := install(t)
	old := d.status()
	o := d.options()
	o.ConfigFile = filepath.Join(d.home, "elsewhere.toml")
	report, err := packaging.Install(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(report.Next, "\n"); got != "systemctl --user restart spacedrive.service" {
		t.Errorf("next: %q", got)
	}
	for _, command := range report.Next {
		d.run("sh", "-c", command)
	}
	if s := d.status(); s.PID == old.PID {
		t.Error("the daemon still runs by the old unit")
	}
}

// A call that was cut off between writing and reading is made good by the next.
func TestInstallAgainHasSystemdReadWhatItHasNot(t *testing.T) {
	d := install(t)
	d.status()
	unit := filepath.Join(d.configDir("systemd/user"), "spacedrive.service")
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	d.write(unit, strings.Replace(string(text), "WatchdogSec=60", "WatchdogSec=61", 1))
	d.systemctl("daemon-reload")
	d.systemctl("restart", "spacedrive.service")
	d.write(unit, string(text)) // all that is to be done, but for the reload

	report, err := packaging.Install(d.options())
	if err != nil || len(report.Written) != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := strings.Join(report.Next, "\n"); got != "systemctl --user restart spacedrive.service" {
		t.Errorf("next: %q", got)
	}
	if unread := d.property("spacedrive.service", "NeedDaemonReload"); unread != "no" {
		t.Errorf("NeedDaemonReload=%s", unread)
	}
}

// A daemon that systemd knows nothing of has the data; the socket would get
// another that cannot have it.
func TestInstallBesideADaemonOfItsOwn(t *testing.T) {
	d := clean(t)
	d.spacedrive("start")
	d.spacedrive("library", "create", "Home")
	said := d.run("sh", "-c", filepath.Join(share, "bin/spacedrive")+" service install 2>&1")
	if !strings.Contains(said, "spacedrive stop ") {
		t.Errorf("it does not say what to do about the daemon that runs:\n%s", said)
	}
	d.systemctl("enable", "--now", "spacedrive.socket") // all the same
	if a := d.ask("query", "libraries.list", "{}"); a.Error.Code != "core_unavailable" {
		t.Errorf("beside the daemon that has the data: %v", a)
	}
	d.spacedrive("restart")
	if list := d.spacedrive("library", "list"); !strings.Contains(list, "Home") {
		t.Errorf("after a restart:\n%s", list)
	}
}

func TestInstallLeavesAnothersUnitAlone(t *testing.T) {
	d := clean(t)
	path := filepath.Join(d.configDir("systemd/user"), "spacedrive.service")
	d.write(path, "[Service]\nExecStart=/bin/true\n")
	if _, err := packaging.Install(d.options()); !protocol.HasCode(err, protocol.Conflict) {
		t.Errorf("it ended with %v, want a conflict", err)
	}
	if left, _ := filepath.Glob(filepath.Join(d.configDir("systemd/user"), "*")); len(left) != 1 {
		t.Errorf("it wrote all the same: %q", left)
	}
	report, err := packaging.Uninstall(d.options())
	if err != nil || len(report.Removed) != 0 || len(report.Kept) != 1 {
		t.Errorf("uninstalling: %+v, %v", report, err)
	}
}

func TestInstallWhereSystemdDoesNotLookWritesNothing(t *testing.T) {
	d := clean(t)
	elsewhere := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", elsewhere)
	if _, err := packaging.Install(d.options()); !protocol.HasCode(err, protocol.Conflict) || !strings.Contains(err.Error(), "XDG_CONFIG_HOME") {
		t.Errorf("it ended with %v", err)
	}
	if left, _ := os.ReadDir(elsewhere); len(left) != 0 {
		t.Errorf("it wrote %v", left)
	}
}

func TestUninstallStopsEveryInstanceAndKeepsTheData(t *testing.T) {
	d := install(t)
	d.systemctl("enable", "--now", "spacedrive@dev.socket")
	d.status()
	d.library("Precious")
	report, err := packaging.Uninstall(d.options())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Removed) != 4 || report.DataDir != d.dataDir {
		t.Errorf("it reports %+v", report)
	}
	if left := d.systemctl("list-units", "--all", "--plain", "--no-legend", "spacedrive*"); left != "" {
		t.Errorf("systemd still has\n%s", left)
	}
	if left, _ := filepath.Glob(filepath.Join(d.configDir("systemd/user"), "*/*")); len(left) != 0 {
		t.Errorf("links are left: %q", left)
	}
	if _, err := os.Stat(d.socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}

	d.spacedrive("service", "install")
	d.systemctl("start", "spacedrive.socket")
	if a := d.ask("query", "libraries.list", "{}"); !strings.Contains(string(a.Payload), "Precious") {
		t.Errorf("after installing again: %v", a)
	}
}
