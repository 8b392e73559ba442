//go:build linux

package packaged

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestInstallStartsNothingAndTouchesNoHome(t *testing.T) {
	m := boot(t)
	ann := m.person("ann")
	homes := func() string { return m.root("find", "/home", "/root", "-printf", "%p %T@ %m %u\n") }
	before := homes()
	printed := m.install(newPackage)
	for _, bad := range []string{"Failed", "Warning", "warning", "error", "cannot"} {
		if strings.Contains(printed, bad) {
			t.Errorf("the installation says %q:\n%s", bad, printed)
		}
	}
	if after := homes(); after != before {
		t.Errorf("homes were:\n%s\nand are:\n%s", before, after)
	}
	if running := m.try("pgrep", "-a", "spacedrive"); running.code != 1 {
		t.Errorf("it runs: %v", running)
	}
	for _, unit := range []string{"spacedrive.socket", "spacedrive.service"} {
		if state := ann.property(unit, "ActiveState") + " " + ann.property(unit, "LoadState"); state != "inactive loaded" {
			t.Errorf("ann's %s is %s", unit, state)
		}
		if state := m.property(unit, "ActiveState") + " " + m.property(unit, "LoadState"); state != "inactive loaded" {
			t.Errorf("the machine's %s is %s", unit, state)
		}
	}
	list := []string{"list-unit-files", "--state=enabled", "--no-legend", "spacedrive*"}
	if enabled := ann.try(append([]string{"systemctl", "--user"}, list...)...).out + m.try(append([]string{"systemctl"}, list...)...).out; enabled != "" {
		t.Errorf("enabled: %s", enabled)
	}
}

// The first thing that a person does who has read nothing.
func TestQuickstartIsAllThatIsTyped(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann")
	ann.run("env", roleVariable+"=plant", filepath.Join(share, "lab.test"), ann.home+"/Documents", "3", "5")
	o := ann.try("bash", "-lc", "spacedrive quickstart ~/Documents")
	if o.code != 0 || !strings.Contains(o.out, "15") {
		t.Fatalf("15 files: %v", o)
	}
	if !strings.Contains(o.err, "Started the daemon through systemd") {
		t.Errorf("it does not say how it started the daemon: %v", o)
	}
	s := m.status(ann.socket(""))
	if s.Activation != "systemd" || s.Version != newVersion {
		t.Errorf("the daemon is %+v", s)
	}
	if pid := ann.property("spacedrive.service", "MainPID"); pid != fmt.Sprint(s.PID) {
		t.Errorf("systemd runs %s, and %d answers", pid, s.PID)
	}
	if found := ann.run("spacedrive", "search", "file-003"); strings.Count(found, "\n") != 3 {
		t.Errorf("it finds:\n%s", found)
	}
	if o := ann.try("bash", "-lc", "spacedrive quickstart ~/Documents"); o.code != 0 {
		t.Errorf("the second time: %v", o)
	}
}

func TestTheFirstConnectionStartsTheDaemon(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann")
	ann.systemctl("start", "spacedrive.socket")
	if state := ann.property("spacedrive.service", "ActiveState"); state != "inactive" {
		t.Fatalf("before any connection the service is %s", state)
	}
	out := ann.run("sh", "-c", `echo '{"type":"query","method":"core.status","trace_id":"first"}' | nc -U -N ~/.local/share/spacedrive/daemon/daemon.sock`)
	if !strings.Contains(out, `"type":"ok"`) || !strings.Contains(out, newVersion) {
		t.Errorf("nc printed %s", out)
	}
	ann.run("spacedrive", "library", "create", "Home")
	fields := []string{"_SYSTEMD_USER_UNIT=spacedrive.service", "SYSLOG_IDENTIFIER=spacedrived", "METHOD=libraries.create", "CODE=ok", fmt.Sprint("PEER_UID=", ann.uid)}
	m.until("the journal", func() bool {
		return ann.run(append([]string{"journalctl", "--user", "--quiet", "-o", "cat"}, fields...)...) != ""
	})
	if log := ann.run("spacedrive", "logs", "-n", "100"); !strings.Contains(log, "libraries.create") {
		t.Errorf("spacedrive logs prints:\n%s", log)
	}
	ann.systemctl("stop", "spacedrive.socket", "spacedrive.service")
	o := ann.try("spacedrive", "logs", "-n", "100") // from the journal now
	if o.code != 0 || !strings.Contains(o.out, "libraries.create") {
		t.Errorf("with no daemon, spacedrive logs prints: %v", o)
	}
}

func TestHelpIsWhereItIsLookedFor(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann")
	for _, page := range []string{"spacedrive", "spacedrive-quickstart", "spacedrive-search", "spacedrived"} {
		if text := ann.run("sh", "-c", "MANPAGER=cat MANWIDTH=80 man "+page); !strings.Contains(text, strings.ToUpper(page)) {
			t.Errorf("man %s shows:\n%.300s", page, text)
		}
	}
	for shell, script := range map[string]string{
		"bash": `. /usr/share/bash-completion/bash_completion; _completion_loader spacedrive; complete -p spacedrive`,
		"zsh":  `autoload -Uz compinit; compinit -D; print $_comps[spacedrive]`,
		"fish": `complete -C "spacedrive quick"`,
	} {
		if o := ann.try(shell, "-c", script); o.code != 0 || !strings.Contains(o.out, "spacedrive") && !strings.Contains(o.out, "quickstart") {
			t.Errorf("%s knows no completion: %v", shell, o)
		}
	}
	doc := m.root("ls", "/usr/share/doc/spacedrive")
	for _, want := range []string{"copyright", "changelog"} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %s among\n%s", want, doc)
		}
	}
}

func TestSystemdFindsNothingToSayAgainstTheUnits(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann")
	units := []string{"spacedrive.socket", "spacedrive.service", "spacedrive@work.socket", "spacedrive@work.service"}
	for who, o := range map[string]outcome{
		"the user's":    ann.try(append([]string{"systemd-analyze", "--user", "verify"}, units...)...),
		"the machine's": m.try(append([]string{"systemd-analyze", "verify"}, units...)...),
	} {
		if o.code != 0 || o.out+o.err != "" {
			t.Errorf("%s units: %v", who, o)
		}
	}
	// The page says how it judges them, and what is missing to 0.
	said := regexp.MustCompile(`gives the user's form ([\d.]+) of 10 and the machine's ([\d.]+),`).FindStringSubmatch(document(t, "docs/hardening.md"))
	if said == nil {
		t.Fatal("docs/hardening.md does not say how exposed the units are")
	}
	for form, o := range map[string]outcome{
		said[1]: ann.try("systemd-analyze", "--user", "security", "--no-pager", "--offline=yes", filepath.Join("/usr/lib/systemd/user", "spacedrive.service")),
		said[2]: m.try("systemd-analyze", "security", "--no-pager", "spacedrive.service"),
	} {
		lines := strings.Split(strings.TrimSpace(o.out), "\n")
		if verdict := lines[len(lines)-1]; !strings.Contains(verdict, "spacedrive.service: "+form+" ") {
			t.Errorf("%s; docs/hardening.md says %s", verdict, form)
		}
	}
}
