//go:build linux

package packaged

import (
	"strings"
	"testing"
)

func TestRemovalStopsAllAndKeepsTheData(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann", "spacedrive")
	ann.systemctl("enable", "--now", "spacedrive.socket")
	ann.systemctl("start", "spacedrive@work.socket")
	m.root("systemctl", "enable", "--now", "--quiet", "spacedrive.socket")
	ann.run("spacedrive", "library", "create", "Anns")
	ann.run("spacedrive", "--instance", "work", "library", "create", "Work")
	ann.run("spacedrive", "--system", "library", "create", "Ours")

	o := m.try("apt-get", "remove", "-y", "spacedrive")
	if o.code != 0 || !strings.Contains(o.out, "~/.local/share/spacedrive") || !strings.Contains(o.out, "/var/lib/spacedrive") {
		t.Errorf("it does not say where the data is: %v", o)
	}
	nothingRuns(t, m, ann)
	for _, kept := range []string{ann.dataDir() + "/libraries", "/var/lib/spacedrive/libraries", "/etc/spacedrive/config.toml"} {
		m.root("test", "-e", kept)
	}
	for _, gone := range []string{ann.socket(""), ann.socket("work"), "/run/spacedrive/daemon.sock", "/usr/bin/spacedrived", "/usr/lib/systemd/user/spacedrive.socket"} {
		if m.try("test", "-e", gone).code == 0 {
			t.Errorf("%s is left", gone)
		}
	}
	for _, link := range []string{"/etc/systemd/system/sockets.target.wants/spacedrive.socket"} {
		if m.try("test", "-L", link).code == 0 {
			t.Errorf("the link %s is left", link)
		}
	}

	m.install(newPackage)
	ann.systemctl("start", "spacedrive.socket", "spacedrive@work.socket")
	m.root("systemctl", "start", "spacedrive.socket")
	for library, args := range map[string][]string{"Anns": nil, "Work": {"--instance", "work"}, "Ours": {"--system"}} {
		if list := ann.run(append(append([]string{"spacedrive"}, args...), "library", "list")...); !strings.Contains(list, library) {
			t.Errorf("installed again, spacedrive %v has no %s:\n%s", args, library, list)
		}
	}

	// Purged with all of it running. Debian 12's dpkg remarks on the folder of presets,
	// which systemd has there by its other name, /lib.
	if o := m.try("apt-get", "purge", "-y", "spacedrive"); o.code != 0 || strings.Contains(o.out+o.err, "/spacedrive' not empty") {
		t.Errorf("%v", o)
	}
	nothingRuns(t, m, ann)
	for _, gone := range []string{"/var/lib/spacedrive", "/etc/spacedrive"} {
		if left := m.try("find", gone); left.code == 0 {
			t.Errorf("after a purge there is\n%s", left.out)
		}
	}
	m.root("test", "-e", ann.dataDir()+"/libraries")
	m.install(newPackage)
	ann.systemctl("start", "spacedrive.socket")
	if list := ann.run("spacedrive", "library", "list"); !strings.Contains(list, "Anns") {
		t.Errorf("a purge took ann's library: %s", list)
	}
}

func nothingRuns(t testing.TB, m *machine, ann *person) {
	t.Helper()
	if o := m.try("pgrep", "-a", "spacedrive"); o.code != 1 {
		t.Errorf("it runs: %v", o)
	}
	list := []string{"list-units", "--all", "--plain", "--no-legend", "--state=active", "spacedrive*"}
	if left := ann.run(append([]string{"systemctl", "--user"}, list...)...) + m.root(append([]string{"systemctl"}, list...)...); left != "" {
		t.Errorf("systemd still has\n%s", left)
	}
}

func TestRemovalWhileAJobRuns(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		release := f.addSlowly()
		f.root("apt-get", "remove", "-y", "spacedrive")
		nothingRuns(f.t, f.machine, f.ann)
		f.install(newPackage)
		f.systemctl("start", "spacedrive.socket")
		f.goesOn("a removal and another installation")
		release()
		f.ends()
	})
}

// A purge takes what the daemon has made, and nothing that somebody else has.
func TestAPurgeTakesOnlyWhatIsTheDaemons(t *testing.T) {
	m := installed(t, newPackage)
	m.root("systemctl", "start", "spacedrive.socket")
	m.root("spacedrive", "--system", "library", "create", "Ours")
	m.write("/srv/photos/wedding.jpg", "precious")
	m.root("mkdir", "/var/lib/spacedrive/media")
	m.root("mount", "--bind", "/srv/photos", "/var/lib/spacedrive/media")
	if o := m.try("apt-get", "purge", "-y", "spacedrive"); o.code != 0 || !strings.Contains(o.out+o.err, "/var/lib/spacedrive stays") {
		t.Errorf("with a folder mounted in it: %v", o)
	}
	m.root("test", "-e", "/srv/photos/wedding.jpg")
	m.root("umount", "/var/lib/spacedrive/media")

	m.install(newPackage)
	m.write("/var/lib/spacedrive/other.db", "another's")
	if o := m.try("apt-get", "purge", "-y", "spacedrive"); o.code != 0 || !strings.Contains(o.out+o.err, "more in it than the daemon's") {
		t.Errorf("with another's file in it: %v", o)
	}
	if left := m.root("find", "/var/lib/spacedrive", "-type", "f"); left != "/var/lib/spacedrive/other.db\n" {
		t.Errorf("left are\n%s", left)
	}
}

// What the package's scripts do for a user is not the user's to get hold of: no
// process of root's runs as that user.
func TestNothingOfRootsComesNearAUser(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann")
	ann.systemctl("start", "spacedrive.socket")
	ann.run("spacedrive", "status")
	// Her systemctl, as she would have it: it keeps what it is given.
	m.write("/usr/local/bin/systemctl", `#!/bin/sh
[ "$(id -u)" != 0 ] || exec /usr/bin/systemctl "$@"
tr '\0' '\n' </proc/self/environ >>/home/ann/environ
ls -l /proc/self/fd >>/home/ann/descriptors
exec /usr/bin/systemctl "$@"
`)
	m.root("chmod", "755", "/usr/local/bin/systemctl")
	before := m.status(ann.socket(""))
	m.root("sh", "-c", "exec 7</etc/shadow; SECRET=hunter2 dpkg -i "+share+"/"+newPackage)
	m.until("the restart", func() bool { return m.status(ann.socket("")).BootID != before.BootID })
	kept := m.root("cat", "/home/ann/environ", "/home/ann/descriptors")
	if strings.Contains(kept, "hunter2") || strings.Contains(kept, "DPKG_") || strings.Contains(kept, "shadow") {
		t.Errorf("ann's process is given\n%s", kept)
	}
}

// The first boot of an image presets every unit: "enable" is Debian's word where
// nobody has said another.
func TestPresetsEnableNothing(t *testing.T) {
	m := installed(t, newPackage)
	m.root("systemctl", "preset-all")
	m.root("systemctl", "--global", "preset-all")
	if links := m.root("find", "/etc/systemd", "-name", "spacedrive*"); links != "" {
		t.Errorf("enabled:\n%s", links)
	}
}
