package initscripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A machine is a root folder with processes of its own.
type machine struct {
	t   *testing.T
	pid string // of a process in its namespaces
}

// setup makes the machine's root, and then only keeps its namespaces.
const setup = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
cp "$2/spacedrive" "$2/spacedrived" usr/bin/
rm -f usr/sbin/policy-rc.d etc/resolv.conf
cp -L /etc/resolv.conf etc/ 2>/dev/null || :
echo up
exec >/dev/null
while :; do # as an init, take the exit status of what others have left
	sleep 3600 &
	wait
done`

func boot(t *testing.T) *machine {
	if why := unable(); why != "" {
		if os.Getenv("SYSTEMD_LAB") == "required" {
			t.Fatal("the tests of init scripts are required, but: ", why)
		}
		t.Skip("NOT TESTED under OpenRC and SysV: ", why)
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin+"/", "../../cmd/spacedrive", "../../cmd/spacedrived")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the programs: %v\n%s", err, out)
	}
	hold := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", setup, "sh", t.TempDir(), bin)
	hold.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	hold.Stderr = os.Stderr
	out, err := hold.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hold.Process.Kill() // and, by --kill-child, all that is inside
		_ = hold.Wait()
	})
	if n, err := out.Read(make([]byte, 3)); n == 0 {
		t.Fatalf("the machine is not up: %v", err)
	}
	pid := strconv.Itoa(hold.Process.Pid)
	child, err := os.ReadFile(filepath.Join("/proc", pid, "task", pid, "children"))
	if err != nil {
		t.Fatal(err)
	}
	return &machine{t, strings.Fields(string(child))[0]}
}

func unable() string {
	if os.Getuid() != 0 {
		return "it takes root, to make namespaces and mounts"
	}
	if out, err := exec.Command("unshare", "--mount", "--pid", "--fork", "true").CombinedOutput(); err != nil {
		return "this machine lets nobody make namespaces: " + string(out)
	}
	if _, err := exec.LookPath("start-stop-daemon"); err != nil {
		return "start-stop-daemon is missing: install dpkg"
	}
	return ""
}

// try runs a command inside as root and returns what it prints.
func (m *machine) try(command string) (string, error) {
	inside := exec.Command("nsenter", "--target", m.pid, "--mount", "--pid", "--root=/proc/"+m.pid+"/cwd", "--wd=/proc/"+m.pid+"/cwd", "--",
		"env", "-i", "HOME=/root", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", command)
	out, err := inside.CombinedOutput()
	return string(out), err
}

func (m *machine) run(command string) string {
	m.t.Helper()
	out, err := m.try(command)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

func (m *machine) want(command, word string) {
	m.t.Helper()
	if out := m.run(command); !strings.Contains(out, word) {
		m.t.Errorf("%s: there is no %q in\n%s", command, word, out)
	}
}

func (m *machine) fails(command, word string) {
	m.t.Helper()
	if out, err := m.try(command); err == nil || !strings.Contains(out, word) {
		m.t.Errorf("%s: %v, want an error with %q:\n%s", command, err, word, out)
	}
}

func TestSysV(t *testing.T) {
	m := boot(t)
	m.serves("service spacedrive reload", "/etc/rc2.d/S50spacedrive")
}

func TestOpenRC(t *testing.T) {
	m := boot(t)
	m.run("apt-get install -y -qq --no-install-recommends openrc || { apt-get update -qq && apt-get install -y -qq --no-install-recommends openrc; }")
	// What a machine that OpenRC has booted has.
	m.run("echo '::sysinit:/sbin/openrc sysinit' >/etc/inittab; mkdir -p /run/openrc; echo default >/run/openrc/softlevel")
	m.serves("rc-service spacedrive reload", "/etc/runlevels/default/spacedrive")
}

// serves goes through the service's whole life.
func (m *machine) serves(reload, enabled string) {
	m.t.Helper()
	const service = "spacedrive --system service "
	m.want(service+"status 2>&1 || :", "not installed")
	m.fails(service+"start", "service install")
	m.fails("spacedrive service install --dry-run --manager sysv", "no services of users")

	m.want(service+"install 2>&1", "\nstarts at every boot\nNext:\n  "+service+"start")
	m.run("test -e " + enabled + " -a -e /etc/spacedrive/config.toml")
	m.want(service+"status", "inactive")
	m.want(service+"install", "unchanged: /etc/init.d/spacedrive\n")
	m.want(service+"start", "Started spacedrive")
	m.want(service+"start", "Started spacedrive") // once more is no error
	m.want(service+"status", "active (running)")

	m.want("spacedrive --system status", "/run/spacedrive/daemon.sock")
	m.want("stat -c %U:%G:%a /run/spacedrive/daemon.sock", "spacedrive:spacedrive:660")
	m.want("stat -c %U:%a /var/lib/spacedrive", "spacedrive:700")
	m.run("useradd -m ann && useradd -m -G spacedrive ben")
	m.fails("runuser -u ann -- spacedrive --system status", "usermod -aG spacedrive")
	m.want("runuser -u ben -- spacedrive --system quickstart /etc/init.d 2>&1", "Indexed /etc/init.d")
	m.want("grep -h 'action answered' /var/lib/spacedrive/logs/daemon.log", `"peer_uid":`)

	pid := strings.TrimSpace(m.run("pgrep -x spacedrived"))
	m.run(reload)
	m.until("the reload", func() bool {
		out, _ := m.try("grep -c 'configuration read again' /var/lib/spacedrive/logs/daemon.log")
		return strings.TrimSpace(out) == "1"
	})
	m.run("umask 0; SECRET=x /etc/init.d/spacedrive restart")
	m.want("spacedrive --system status", "running")
	if now := strings.TrimSpace(m.run("pgrep -x spacedrived")); now == pid {
		m.t.Errorf("after a restart it is still pid %s", pid)
	}
	m.want("runuser -u ben -- spacedrive --system search spacedrive", "/etc/init.d/spacedrive")

	environ := m.run("tr '\\0' '\\n' </proc/$(pgrep -x spacedrived)/environ; grep -E 'NoNewPrivs|Umask' /proc/$(pgrep -x spacedrived)/status")
	if strings.Contains(environ, "SECRET") || !strings.Contains(environ, "Umask:\t0022") || !strings.Contains(environ, "NoNewPrivs:\t1") {
		m.t.Errorf("the daemon has of its caller, and may:\n%s", environ)
	}

	// What a person has changed in the file is not put back by halves.
	m.run("echo '# changed' >>/etc/init.d/spacedrive")
	m.want(service+"install 2>&1", service+"restart")
	m.fails("grep changed /etc/init.d/spacedrive", "")
	m.run("test -e " + enabled)

	m.want(service+"stop", "Stopped spacedrive")
	m.until("the end", func() bool { _, err := m.try("pgrep -x spacedrived"); return err != nil })
	m.want(service+"status", "inactive")
	m.run(service + "start")
	if strings.HasPrefix(reload, "rc-") {
		m.run("rc-update delete spacedrive") // by somebody who wants it only when called
	}
	m.want(service+"uninstall 2>&1", "The data stays in /var/lib/spacedrive")
	m.fails("pgrep -x spacedrived", "")
	m.run("test ! -e /etc/init.d/spacedrive -a ! -h " + enabled + " -a -e /var/lib/spacedrive -a -e /etc/spacedrive/config.toml")
	m.want(service+"uninstall", "left alone: /etc/spacedrive/config.toml")
}

// until polls: nothing tells of the end of another's process.
func (m *machine) until(what string, is func() bool) {
	m.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("waited in vain for %s", what)
		}
	}
}
