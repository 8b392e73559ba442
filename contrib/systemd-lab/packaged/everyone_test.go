//go:build linux

package packaged

import (
	"strings"
	"testing"
)

// states returns what each of the units is, in order.
func states(property func(unit, name string) string, units ...string) string {
	var s []string
	for _, unit := range units {
		s = append(s, property(unit, "ActiveState"))
	}
	return strings.Join(s, " ")
}

// An upgrade finds each as he left his daemon: what runs, however somebody
// changed its unit, is the new one afterwards, and nothing else is.
func TestAnUpgradeLeavesToEachWhatIsTheirs(t *testing.T) {
	m := installed(t, oldPackage)
	ann, ben, cid, dan := m.person("ann", "spacedrive"), m.person("ben"), m.person("cid"), m.person("dan")
	ann.run("sh", "-c", "mkdir -p .config/systemd/user && cp /usr/lib/systemd/user/spacedrive.service .config/systemd/user/") // as "systemctl edit --full" does
	ann.systemctl("daemon-reload")
	for _, p := range []*person{ann, ben, cid} {
		p.systemctl("start", "spacedrive.socket")
	}
	cid.run("spacedrive", "status")
	cid.systemctl("stop", "spacedrive.socket", "spacedrive.service")
	dan.systemctl("mask", "spacedrive.socket", "spacedrive.service")
	m.root("cp", "/usr/lib/systemd/system/spacedrive.service", "/etc/systemd/system/spacedrive.service")
	m.root("systemctl", "daemon-reload")
	m.root("systemctl", "enable", "--now", "--quiet", "spacedrive.socket", "spacedrive@nas.socket", "spacedrive@idle.socket")
	running := []string{ann.socket(""), "/run/spacedrive/daemon.sock", "/run/spacedrive/daemon-nas.sock"}
	for _, socket := range running {
		if v := m.status(socket).Version; v != oldVersion {
			t.Fatalf("%s is answered by version %s", socket, v)
		}
	}
	units := []string{"spacedrive.socket", "spacedrive.service"}
	all := func() string {
		list := []string{states(m.property, "spacedrive.socket", "spacedrive.service", "spacedrive@nas.service", "spacedrive@idle.socket", "spacedrive@idle.service")}
		for _, p := range []*person{ann, ben, cid, dan} {
			list = append(list, p.name+" "+states(p.property, units...))
		}
		return strings.Join(list, "; ")
	}
	const want = "active active active active inactive; ann active active; ben active inactive; cid inactive inactive; dan inactive inactive"
	if got := all(); got != want {
		t.Fatalf("before: %s", got)
	}

	// Whoever forbids packages to touch services is asked first.
	m.write("/usr/sbin/policy-rc.d", "#!/bin/sh\necho \"$@\" >>/tmp/asked\nexit 101\n")
	m.root("chmod", "755", "/usr/sbin/policy-rc.d")
	said := m.install(newPackage)
	if asked := m.root("sort", "-u", "/tmp/asked"); !strings.Contains(asked, "spacedrive.service restart\nspacedrive@") || !strings.Contains(said, "policy-rc.d forbids") {
		t.Errorf("policy-rc.d was asked %q, and the upgrade says\n%s", asked, said)
	}
	for _, socket := range running {
		if v := m.status(socket).Version; v != oldVersion {
			t.Errorf("%s: policy-rc.d forbade a restart, and version %s answers", socket, v)
		}
	}
	m.root("rm", "/usr/sbin/policy-rc.d")

	m.root("dpkg", "-i", share+"/"+newPackage) // once more
	for _, socket := range running {
		m.until("the new daemon behind "+socket, func() bool { return m.status(socket).Version == newVersion })
	}
	if got := all(); got != want {
		t.Errorf("before: %s\nand after: %s", want, got)
	}
	if state := dan.property("spacedrive.socket", "LoadState"); state != "masked" {
		t.Errorf("dan's masked socket is %s", state)
	}

	// A user's manager that hangs keeps nothing from being removed.
	pid := strings.TrimSpace(m.root("pgrep", "-u", "ben", "-xo", "systemd"))
	m.root("kill", "-STOP", pid)
	m.root("apt-get", "remove", "-y", "spacedrive")
	m.root("kill", "-CONT", pid)
	if o := m.try("pgrep", "-a", "spacedrived"); o.code != 1 {
		t.Errorf("after the removal there runs: %v", o)
	}
	if got := ann.name + " " + states(ann.property, units...) + "; " + states(m.property, "spacedrive.socket", "spacedrive.service", "spacedrive@nas.socket", "spacedrive@idle.socket"); got != "ann inactive inactive; inactive inactive inactive inactive" {
		t.Errorf("after the removal: %s", got)
	}
}

// Whoever gives the index a disk of its own mounts it, which is not in the way
// of a purge. systemd follows no link there, and what one leads to stays.
func TestTheMachinesDataOnAnotherDisk(t *testing.T) {
	m := boot(t)
	m.root("mkdir", "-p", "/srv/index", "/var/lib/spacedrive")
	m.root("mount", "-t", "tmpfs", "none", "/var/lib/spacedrive")
	m.install(newPackage)
	m.root("systemctl", "start", "spacedrive.socket")
	m.root("spacedrive", "--system", "library", "create", "Ours")
	m.root("test", "-e", "/var/lib/spacedrive/libraries")
	m.root("apt-get", "purge", "-y", "spacedrive")
	if left := m.root("ls", "-A", "/var/lib/spacedrive"); left != "" {
		t.Errorf("a purge left %s", left)
	}
	m.root("umount", "/var/lib/spacedrive")
	m.root("rmdir", "/var/lib/spacedrive")

	m.root("ln", "-s", "/srv/index", "/var/lib/spacedrive")
	m.write("/srv/index/file", "kept")
	if said := m.install(newPackage); !strings.Contains(said, "is a link") {
		t.Errorf("an installation says nothing of the link:\n%s", said)
	}
	if o := m.try("apt-get", "purge", "-y", "spacedrive"); o.code != 0 || !strings.Contains(o.out, "/srv/index stays") {
		t.Errorf("%v", o)
	}
	m.root("test", "-e", "/srv/index/file")
	if o := m.try("test", "-L", "/var/lib/spacedrive"); o.code == 0 {
		t.Error("a purge left the link")
	}
}

// dpkg can fill another root from outside, by the scripts alone: they leave
// the machine on which they run as it is.
func TestAnotherRoot(t *testing.T) {
	m := installed(t, newPackage)
	m.root("systemctl", "start", "spacedrive.socket")
	m.root("spacedrive", "--system", "library", "create", "Ours")
	before := m.status("/run/spacedrive/daemon.sock")
	m.root("sh", "-c", `mkdir -p /srv/root/var/lib/dpkg /srv/root/etc && touch /srv/root/var/lib/dpkg/status /srv/root/etc/passwd /srv/root/etc/group`)
	dpkg := func(args ...string) {
		m.root(append([]string{"dpkg", "--root=/srv/root", "--force-script-chrootless", "--force-architecture"}, args...)...)
	}
	dpkg("-i", share+"/"+newPackage)
	m.root("grep", "-q", "^spacedrive:", "/srv/root/etc/passwd")
	dpkg("-i", share+"/"+newPackage)
	dpkg("-P", "spacedrive")
	if now := m.status("/run/spacedrive/daemon.sock"); now.BootID != before.BootID {
		t.Error("filling another root restarted the machine's daemon")
	}
	if list := m.root("spacedrive", "--system", "library", "list"); !strings.Contains(list, "Ours") {
		t.Errorf("emptying another root took the machine's data: %s", list)
	}
	if o := m.try("find", "/srv/root/etc/spacedrive", "/srv/root/var/lib/spacedrive"); o.out != "" {
		t.Errorf("a purge left %v", o)
	}
}
