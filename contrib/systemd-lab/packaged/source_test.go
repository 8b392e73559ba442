//go:build linux

package packaged

import (
	"path/filepath"
	"strings"
	"testing"
)

// service is the administrator's command where no package is installed.
const service = "/usr/local/bin/spacedrive --system service "

// unpacked puts the programs, and nothing else, where an administrator does
// who has built them.
func unpacked(t *testing.T) *machine {
	m := boot(t)
	m.root("sh", "-c", "dpkg-deb -x "+filepath.Join(share, newPackage)+" /root/x && install -m 755 /root/x/usr/bin/* /usr/local/bin/")
	return m
}

func (m *machine) sh(script string) string {
	m.t.Helper()
	return m.root("sh", "-c", script+" 2>&1")
}

func TestTheMachinesServiceFromSource(t *testing.T) {
	m := unpacked(t)
	ann := m.person("ann")
	out := m.sh("SUDO_USER=ann " + service + "install")
	for _, want := range []string{
		"/etc/systemd/system/spacedrive@.socket", "/etc/sysusers.d/spacedrive.conf", "/etc/spacedrive/config.toml", "made the user spacedrive",
		"sudo systemctl enable --now spacedrive.socket", "sudo usermod -aG spacedrive ann",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the installation does not tell of %s:\n%s", want, out)
		}
	}
	m.sh("systemd-analyze verify spacedrive.socket spacedrive.service spacedrive@nas.socket spacedrive@nas.service")
	m.sh("systemctl enable --now spacedrive.socket && usermod -aG spacedrive ann")
	ann.run("spacedrive", "--system", "library", "create", "Ours")
	if out := m.sh(service + "install"); strings.Contains(out, "written") || strings.Contains(out, "Next") {
		t.Errorf("the second time it does more:\n%s", out)
	}
	for _, check := range []string{"--system doctor", "--system service status"} {
		if o := m.try("sh", "-c", "/usr/local/bin/spacedrive "+check); o.code != 0 {
			t.Errorf("of a machine in order: %v", o)
		}
	}
	if o := ann.try("spacedrive", "--system", "doctor"); o.code != 0 {
		t.Errorf("of a machine in order, to a member: %v", o)
	}
	if o := ann.try("spacedrive", "--system", "service", "install"); o.code == 0 || !strings.Contains(o.err, "sudo") {
		t.Errorf("a user installs the machine's service: %v", o)
	}

	out = m.sh(service + "uninstall")
	if !strings.Contains(out, "The data stays in /var/lib/spacedrive") {
		t.Errorf("uninstalling does not say where the data is:\n%s", out)
	}
	if left := m.sh("find /etc/systemd /etc/sysusers.d /etc/tmpfiles.d /run/spacedrive -name '*spacedrive*' ! -path /run/spacedrive -o -name '*.sock'"); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
	m.sh(service + "install && systemctl start spacedrive.socket")
	if list := ann.run("spacedrive", "--system", "library", "list"); !strings.Contains(list, "Ours") {
		t.Errorf("installed again it has\n%s", list)
	}
}

func TestNobodyButRootDecidesWhatTheMachineRuns(t *testing.T) {
	m := unpacked(t)
	ann := m.person("ann")
	ann.run("mkdir", "bin")
	m.root("cp", "/usr/local/bin/spacedrive", "/usr/local/bin/spacedrived", ann.home+"/bin/")
	m.root("chmod", "755", ann.home)
	if o := m.try(ann.home+"/bin/spacedrive", "--system", "service", "install"); o.code == 0 || !strings.Contains(o.err, "/usr/local/bin") {
		t.Errorf("a program of ann's is installed for the machine: %v", o)
	}
	ann.write("config.toml", "instance = \"anns\"\n")
	m.sh("export HOME=" + ann.home + " XDG_CONFIG_HOME=" + ann.home + " SPACEDRIVE_CONFIG=" + ann.home + "/config.toml PATH=" + ann.home + "/bin:$PATH; " + service + "install && " + service + "start")
	unit := m.root("cat", "/etc/systemd/system/spacedrive.service")
	if strings.Contains(unit, ann.home) || !strings.Contains(unit, "--config /etc/spacedrive/config.toml") {
		t.Errorf("ann's settings are the machine's:\n%s", unit)
	}
	if m.property("spacedrive.service", "ActiveState") != "active" {
		t.Error("another instance than the default was started")
	}
	if o := m.try("/usr/local/bin/spacedrive", "--system", "start", "--foreground"); o.code != 2 {
		t.Errorf("root becomes the machine's daemon: %v", o)
	}
}

func TestTheMachinesDataOnADiskOfItsOwn(t *testing.T) {
	m := unpacked(t)
	m.sh("mkdir /tank && mount -t tmpfs tmpfs /tank")
	m.sh("/usr/local/bin/spacedrive --system --data-dir /tank/spacedrive service install && systemctl start spacedrive.socket")
	m.root("/usr/local/bin/spacedrive", "--system", "library", "create", "Ours")
	if got := strings.TrimSpace(m.root("stat", "-c", "%U:%G %a", "/tank/spacedrive")); got != "spacedrive:spacedrive 700" {
		t.Errorf("the data folder is %s", got)
	}
	if got := m.property("spacedrive.service", "RequiresMountsFor"); got != "/tank/spacedrive" {
		t.Errorf("it waits for the mounts of %q", got)
	}
	m.sh(service + "install")
	if list := m.root("/usr/local/bin/spacedrive", "--system", "library", "list"); !strings.Contains(list, "Ours") {
		t.Errorf("installed again, without naming the folder, it has\n%s", list)
	}
	if out := m.sh(service + "uninstall"); !strings.Contains(out, "The data stays in /tank/spacedrive") {
		t.Errorf("uninstalling does not say where the data is:\n%s", out)
	}
}

// The machine's daemon has a mount namespace of its own, and must see disks
// come and go nonetheless.
func TestTheMachinesDaemonSeesMounts(t *testing.T) {
	m := installed(t, newPackage)
	m.sh("mount --make-rshared /") // as systemd does where it is not in a container
	m.sh("systemctl start spacedrive.socket && spacedrive --system library create Ours")
	m.sh("mkdir /srv/disk && mount -t tmpfs tmpfs /srv/disk && touch /srv/disk/seen.txt")
	m.sh("spacedrive --system quickstart /srv/disk")
	if found := m.sh("spacedrive --system search seen"); !strings.Contains(found, "/srv/disk/seen.txt") {
		t.Errorf("of a disk that was mounted after its start it knows\n%s", found)
	}
	m.sh("umount /srv/disk") // nothing in there keeps it
	if o := m.try("spacedrive", "--system", "location", "rescan", "/srv/disk"); o.code == 0 || !strings.Contains(o.err, "offline") {
		t.Errorf("without the disk: %v", o)
	}
}

func TestServiceInstallLeavesThePackagesUnitsTheWork(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann")
	out := ann.run("spacedrive", "--json", "service", "install")
	if !strings.Contains(out, `"written":[]`) || !strings.Contains(out, "/usr/lib/systemd/user/spacedrive.socket") {
		t.Errorf("beside the package's units it does\n%s", out)
	}
	if left := m.sh("find " + ann.home + "/.config -name 'spacedrive*' || :"); strings.Contains(left, "/systemd/") {
		t.Errorf("it left\n%s", left)
	}
	if out := ann.run("spacedrive", "service", "uninstall"); !strings.Contains(out, "left alone: /usr/lib/systemd/user/spacedrive.socket") {
		t.Errorf("of the package's units, uninstalling says\n%s", out)
	}

	// For the machine, it sees to the user too.
	m.root("userdel", "spacedrive")
	if out := m.root("spacedrive", "--system", "service", "install"); !strings.Contains(out, "made the user spacedrive") {
		t.Errorf("without the user, it says\n%s", out)
	}
	m.root("id", "spacedrive")

	// Units of before the package count for more, and must not stay old.
	old := ann.home + "/.config/systemd/user/"
	ann.run("mkdir", "-p", old)
	m.sh("for unit in spacedrive.socket spacedrive.service spacedrive@.socket spacedrive@.service; do " +
		`{ echo '# Written by "spacedrive service install", which overwrites it'; sed 's,/usr/bin/spacedrived,/opt/old/spacedrived,' /usr/lib/systemd/user/$unit; } >` + old + "$unit; done")
	ann.systemctl("daemon-reload")
	ann.run("spacedrive", "service", "install")
	ann.systemctl("start", "spacedrive.socket")
	ann.run("spacedrive", "library", "create", "Papers")
	if file := ann.property("spacedrive.service", "FragmentPath"); !strings.HasPrefix(file, old) {
		t.Errorf("the unit in force is %s", file)
	}
	ann.run("spacedrive", "service", "uninstall")
	ann.systemctl("start", "spacedrive.socket")
	if list := ann.run("spacedrive", "library", "list"); !strings.Contains(list, "Papers") {
		t.Errorf("by the package's units it has\n%s", list)
	}
}
