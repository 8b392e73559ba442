//go:build linux

package packaged

import (
	"fmt"
	"strings"
	"testing"
)

func TestTwoPeopleAreKeptApart(t *testing.T) {
	m := installed(t, newPackage)
	ann, ben := m.person("ann"), m.person("ben")
	m.root("chmod", "755", ann.home, ben.home)
	for _, p := range []*person{ann, ben} {
		p.systemctl("start", "spacedrive.socket")
		p.run("spacedrive", "library", "create", "Secret of "+p.name)
	}
	hers, his := m.status(ann.socket("")), m.status(ben.socket(""))
	if hers.PID == his.PID || hers.Instance.DataDir == his.Instance.DataDir {
		t.Errorf("they share %+v and %+v", hers.Instance, his.Instance)
	}
	if list := ben.run("spacedrive", "library", "list"); !strings.Contains(list, "of ben") || strings.Contains(list, "of ann") {
		t.Errorf("ben sees\n%s", list)
	}

	query := `echo '{"type":"query","method":"libraries.list"}' | nc -N -U `
	tricks := []string{
		query + ann.socket(""),
		"ln -sf " + ann.socket("") + " ~/s.sock && " + query + "~/s.sock",
		"ln -sfn " + ann.dataDir() + " ~/d && " + query + "~/d/daemon/daemon.sock",
		"ln " + ann.socket("") + " ~/h.sock && " + query + "~/h.sock",
		query + "/proc/self/root" + ann.socket(""),
		query + fmt.Sprintf("/proc/%d/root%s", hers.PID, ann.socket("")),
		query + fmt.Sprintf("/proc/%d/cwd/.local/share/spacedrive/daemon/daemon.sock", hers.PID),
		"spacedrive --socket " + ann.socket("") + " library list",
		"spacedrive --data-dir " + ann.dataDir() + " library list",
		"spacedrive --data-dir " + ann.dataDir() + " --standalone library list",
		"SPACEDRIVE_SOCKET=" + ann.socket("") + " spacedrive library list",
		"HOME=" + ann.home + " spacedrive library list",
		"ls " + ann.dataDir(),
		"cat " + ann.dataDir() + "/libraries/*/*",
		"systemctl --user --machine=ann@ stop spacedrive.socket",
		fmt.Sprint("kill ", hers.PID),
	}
	for _, trick := range tricks {
		if o := ben.try("sh", "-c", trick); o.code == 0 || strings.Contains(o.out+o.err, "Secret of ann") {
			t.Errorf("ben gets through: %v", o)
		}
	}

	// Ann lets the world in, by mistake: the kernel does then, the daemon does not.
	ann.run("chmod", "-R", "a+rX", ann.home+"/.local")
	ann.run("chmod", "666", ann.socket(""))
	for _, trick := range tricks[:3] {
		if o := ben.try("sh", "-c", trick); !strings.Contains(o.out, "permission_denied") || strings.Contains(o.out, "Secret") {
			t.Errorf("with all doors open: %v", o)
		}
	}
	if o := ben.try("spacedrive", "--socket", ann.socket(""), "library", "list"); o.code != 3 || !strings.Contains(o.err, fmt.Sprint(ann.uid)) || !strings.Contains(o.err, "spacedrive start") {
		t.Errorf("ben is not told whose it is, and what to do: %v", o)
	}
	if s := m.status(ann.socket("")); s.BootID != hers.BootID {
		t.Error("ann's daemon is another one")
	}
	refused := fmt.Sprint("PEER_UID=", ben.uid)
	m.until("the refusal in ann's journal", func() bool {
		return ann.run("journalctl", "--user", "--quiet", "-o", "cat", refused, "CODE=permission_denied") != ""
	})
}

func TestTheMachinesDaemonServesItsGroup(t *testing.T) {
	m := installed(t, newPackage)
	ann, ben := m.person("ann", "spacedrive"), m.person("ben")
	m.root("systemctl", "enable", "--now", "spacedrive.socket")
	for path, want := range map[string]string{
		"/run/spacedrive":             "root:root 755",
		"/run/spacedrive/daemon.sock": "root:spacedrive 660",
	} {
		if got := strings.TrimSpace(m.root("stat", "-c", "%U:%G %a", path)); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	m.root("rm", "-rf", "/var/lib/spacedrive") // the unit's to make, too

	ann.run("spacedrive", "--system", "library", "create", "Ours")
	if got := strings.TrimSpace(m.root("stat", "-c", "%U:%G %a", "/var/lib/spacedrive")); got != "spacedrive:spacedrive 700" {
		t.Errorf("the data folder is %s", got)
	}
	pid := m.property("spacedrive.service", "MainPID")
	if got := strings.TrimSpace(m.root("ps", "-o", "user:20=", "-p", pid)); got != "spacedrive" {
		t.Errorf("it runs as %s", got)
	}
	if o := ann.try("cat", "/var/lib/spacedrive/libraries"); !strings.Contains(o.err, "Permission denied") {
		t.Errorf("ann reads its data past the daemon: %v", o)
	}
	for who, o := range map[string]outcome{
		"ann":                ann.try("spacedrive", "--system", "library", "list"),
		"ann by environment": ann.try("env", "SPACEDRIVE_SYSTEM=true", "spacedrive", "library", "list"),
		"root":               m.try("spacedrive", "--system", "library", "list"),
	} {
		if o.code != 0 || !strings.Contains(o.out, "Ours") {
			t.Errorf("%s: %v", who, o)
		}
	}
	if o := ann.try("spacedrive", "--system", "status"); o.code != 0 || !strings.Contains(o.out, "/run/spacedrive/daemon.sock") {
		t.Errorf("%v", o)
	}

	o := ben.try("spacedrive", "--system", "library", "list")
	if o.code != 3 || !strings.Contains(o.err, "group spacedrive") && !strings.Contains(o.err, `group "spacedrive"`) || !strings.Contains(o.err, "usermod -aG spacedrive") {
		t.Errorf("ben is refused without help: %v", o)
	}
	m.root("chmod", "666", "/run/spacedrive/daemon.sock") // now it is the daemon that refuses
	if o := ben.try("spacedrive", "--system", "library", "list"); o.code != 3 || !strings.Contains(o.err, "usermod -aG spacedrive ben") {
		t.Errorf("ben is refused without help by the daemon: %v", o)
	}
	m.root("usermod", "-aG", "spacedrive", "ben")
	if list := ben.run("spacedrive", "--system", "library", "list"); !strings.Contains(list, "Ours") {
		t.Errorf("ben, now of the group, sees %s", list)
	}
	ben.run("spacedrive", "--system", "library", "create", "More")

	for _, p := range []*person{ann, ben} {
		fields := []string{"METHOD=libraries.create", fmt.Sprint("PEER_UID=", p.uid), "PEER_PROGRAM=spacedrive", "_SYSTEMD_UNIT=spacedrive.service"}
		m.until("what "+p.name+" did in the journal", func() bool {
			return m.root(append([]string{"journalctl", "--quiet", "-o", "cat"}, fields...)...) != ""
		})
	}

	ben.run("install", "-d", "-m", "700", "diary")
	if o := ben.try("spacedrive", "--system", "location", "add", "--no-wait", "--library", "Ours", ben.home+"/diary"); o.code == 0 || !strings.Contains(o.err, "runs as spacedrive") {
		t.Errorf("of a folder that is ben's alone: %v", o)
	}

	before := m.status("/run/spacedrive/daemon.sock")
	m.root("systemctl", "restart", "spacedrive.service")
	if list := ann.run("spacedrive", "--system", "library", "list"); !strings.Contains(list, "Ours") || !strings.Contains(list, "More") {
		t.Errorf("after a restart there is\n%s", list)
	}
	if s := m.status("/run/spacedrive/daemon.sock"); s.BootID == before.BootID {
		t.Errorf("after a restart the daemon is the old one: %+v", s)
	}
	// Her own is another.
	ann.systemctl("start", "spacedrive.socket")
	if list := ann.run("spacedrive", "library", "list"); strings.Contains(list, "Ours") {
		t.Errorf("ann's own daemon has\n%s", list)
	}

	m.root("systemctl", "stop", "spacedrive.service")
	for _, which := range []string{"--system", "--socket=/run/spacedrive/daemon.sock"} {
		tab := []string{"spacedrive", "complete", "libraries", "--", "spacedrive", which, "library", "info", ""}
		if names := ann.run(tab...); names != "" || m.property("spacedrive.service", "ActiveState") != "inactive" {
			t.Errorf("a Tab with %s has started the daemon, and got %q", which, names)
		}
	}
	ann.run("spacedrive", "--system", "status")
	// On a machine that is busy one Tab may come to nothing: it has 50 ms.
	m.until("a Tab that asks the daemon that runs", func() bool {
		return strings.Contains(ann.run("spacedrive", "complete", "libraries", "--", "spacedrive", "--system", "library", "info", ""), "Ours")
	})
	m.root("systemctl", "stop", "spacedrive.socket", "spacedrive.service")
	if log := m.root("spacedrive", "--system", "logs", "-n", "100"); !strings.Contains(log, "libraries.create") {
		t.Errorf("with the daemon stopped, root's log of it is\n%s", log)
	}
	if o := ann.try("spacedrive", "--system", "logs"); !strings.Contains(o.err, "systemd-journal") {
		t.Errorf("ann, to whom the machine's journal is closed, is not told: %v", o)
	}
}
