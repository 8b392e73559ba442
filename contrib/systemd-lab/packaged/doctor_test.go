//go:build linux

package packaged

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// severity ranks the states of a check.
var severity = map[string]int{"ok": 0, "skipped": 0, "warning": 1, "problem": 2}

// A finding is one of doctor's checks.
type finding struct {
	Name, State, Message, Fix string
}

// A patient is a daemon that doctor is asked about, by whoever may do what it
// advises.
type patient struct {
	t      *testing.T
	doctor string
	run    func(script string) outcome
}

// worst returns the first of the gravest findings about a unit or the daemon.
func (p *patient) worst() finding {
	p.t.Helper()
	o := p.run(p.doctor)
	var r struct {
		Checks []finding `json:"checks"`
	}
	if err := json.Unmarshal([]byte(o.out), &r, json.MatchCaseInsensitiveNames(true)); err != nil {
		p.t.Fatalf("%v: %v", err, o)
	}
	worst := finding{State: "ok"}
	for _, f := range r.Checks {
		if severity[f.State] > severity[worst.State] && f.Name != "log" { // which remembers for a day
			worst = f
		}
	}
	return worst
}

// heals does what doctor says until it finds nothing. No fix may come twice,
// and none may leave things worse.
func (p *patient) heals(first string) {
	p.t.Helper()
	found := p.worst()
	if !strings.Contains(found.Message, first) {
		p.t.Errorf("doctor finds %+v, want %q", found, first)
	}
	given := make(map[string]bool)
	for found.State != "ok" {
		if given[found.Fix] {
			p.t.Errorf("doctor repeats itself: %+v", found)
			return
		}
		given[found.Fix] = true
		if o := p.run(found.Fix); o.code != 0 {
			p.t.Errorf("the fix of %+v: %v", found, o)
			return
		}
		after := p.worst()
		if severity[after.State] > severity[found.State] {
			p.t.Errorf("%+v became %+v", found, after)
		}
		found = after
	}
}

// Each kind of unit, and what people do to it: after the fixes that doctor names
// all is well, and the data is where it was asked for.
func TestDoctorsFixesWork(t *testing.T) {
	m := installed(t, newPackage)
	t.Run("packaged", func(t *testing.T) {
		ann := m.with(t).person("ann")
		ann.followsDoctor(
			[2]string{"systemctl --user mask --now spacedrive.socket spacedrive.service", "systemd starts neither"},
			[2]string{"systemctl --user stop spacedrive.socket", "it starts no daemon"},
		)
	})
	t.Run("own", func(t *testing.T) {
		ben := m.with(t).person("ben")
		ben.run("spacedrive", "--data-dir", ben.home+"/own", "service", "install")
		ben.write(".config/spacedrive/config.toml", "data_dir = \""+ben.home+"/own\"\n")
		ben.followsDoctor(
			[2]string{"sed -i s,/usr/bin/spacedrived,/nowhere/spacedrived, ~/.config/systemd/user/spacedrive.service && systemctl --user daemon-reload && systemctl --user stop spacedrive.service", "/nowhere/spacedrived, which does not exist"},
			[2]string{"sed -i s,^ExecStart=.*,, ~/.config/systemd/user/spacedrive.service && systemctl --user daemon-reload && systemctl --user stop spacedrive.service", "bad-setting"},
		)
	})
	t.Run("machine", func(t *testing.T) {
		m := m.with(t)
		m.sh("mkdir -p /srv/tank && spacedrive --system --data-dir /srv/tank/sd service install && systemctl enable --now spacedrive.socket")
		p := &patient{t, "spacedrive --json --system doctor", func(script string) outcome { return m.try("sh", "-c", script) }}
		if found := p.worst(); found.State != "ok" {
			t.Errorf("the machine's own units in order: %+v", found)
		}
		m.sh("systemctl disable --now spacedrive.socket")
		p.heals("it starts no daemon")
		out := strings.Join(strings.Fields(m.sh("spacedrive --system doctor; spacedrive --system config")), " ")
		for _, want := range []string{"ok data folder /srv/tank/sd", "/srv/tank/sd service"} {
			if !strings.Contains(out, want) {
				t.Errorf("the data is in /srv/tank/sd, and there is no %q in\n%s", want, out)
			}
		}
		m.write("/etc/systemd/system/spacedrive.service.d/override.conf", "[Service]\nExecStart=\nExecStart=:/usr/bin/spacedrived --data-dir \"/srv/by hand\" --config /etc/spacedrive/config.toml\n")
		if out := m.sh("systemctl daemon-reload; spacedrive --system config"); !strings.Contains(out, "data_dir                   /srv/by hand ") {
			t.Errorf("the drop-in has the data in '/srv/by hand', and config prints\n%s", out)
		}
	})
}

// with has a test of its own use the machine beside others.
func (m *machine) with(t *testing.T) *machine {
	t.Parallel()
	return &machine{t, m.dir, m.image}
}

// followsDoctor runs each script, each of which breaks a person's unit in the way
// that doctor then reports, and changes the data folder in the settings. It
// follows doctor's fixes after each.
func (p *person) followsDoctor(changes ...[2]string) {
	t := p.m.t.(*testing.T)
	sick := &patient{t, "spacedrive --json doctor", func(script string) outcome { return p.try("sh", "-c", script) }}
	p.systemctl("enable", "--now", "spacedrive.socket")
	if found := sick.worst(); found.State != "ok" {
		t.Errorf("units in order: %+v", found)
	}
	for _, c := range changes {
		p.run("sh", "-c", c[0])
		sick.heals(c[1])
	}
	p.write(".config/spacedrive/config.toml", "data_dir = \""+p.home+"/elsewhere\"\n")
	sick.heals("the data folder here is not the unit's")
	if listen := p.property("spacedrive.socket", "Listen"); !strings.Contains(listen, p.home+"/elsewhere/") {
		t.Errorf("the units do not serve the data folder that was asked for: %s", listen)
	}
}

// Doctor suggests no command on what may not be the daemon's.
func TestDoctorLeavesAloneWhatIsNotTheDaemons(t *testing.T) {
	m := installed(t, newPackage)
	ann := m.person("ann", "spacedrive")
	m.sh("systemctl start spacedrive.socket")
	says := func(who func(...string) outcome, want string, not []string, args ...string) {
		t.Helper()
		o := who(args...)
		if !strings.Contains(o.out, want) {
			t.Errorf("there is no %q in %v", want, o)
		}
		for _, word := range not {
			if strings.Contains(o.out, word) {
				t.Errorf("there is %q in %v", word, o)
			}
		}
	}
	documents := filepath.Join(ann.home, "Documents")
	ann.run("sh", "-c", "mkdir ~/Documents && touch ~/Documents/letter")
	says(m.try, "run this as its owner", []string{"chown"}, "spacedrive", "--system", "--data-dir", documents, "doctor")

	m.root("chown", "-R", "root:", documents)
	says(ann.try, "run this as its owner", []string{"chown", "chmod"}, "spacedrive", "--data-dir", documents, "doctor")
	m.root("sh", "-c", "mkdir -p "+ann.home+"/.local/share && chown -R ann: "+ann.home+"/.local && chown root: "+ann.home+"/.local/share")
	says(ann.try, "fix: sudo chown ann: "+ann.home+"/.local/share", []string{"-R"}, "spacedrive", "doctor")
	m.root("chown", "ann:", ann.home+"/.local/share")

	// A service that has failed is not started in order to stop it.
	ann.systemctl("enable", "--now", "spacedrive.socket")
	ann.write(".config/systemd/user/spacedrive.service.d/override.conf", "[Service]\nRestart=no\n")
	ann.systemctl("daemon-reload")
	ann.run("spacedrive", "status")
	ann.systemctl("kill", "--signal=KILL", "spacedrive.service")
	m.until("the service to fail", func() bool { return ann.property("spacedrive.service", "ActiveState") == "failed" })
	if out := ann.run("spacedrive", "stop"); !strings.Contains(out, "The daemon is not running.") {
		t.Errorf("stop says\n%s", out)
	}
	if state := ann.property("spacedrive.service", "ActiveState"); state != "failed" {
		t.Errorf("after stop the service is %s", state)
	}
	says(ann.try, "spacedrive.service is active", []string{"has failed"}, "spacedrive", "doctor")

	// A journal that is not kept.
	ann.run("spacedrive", "stop", "--socket")
	m.write("/etc/systemd/journald.conf.d/zz.conf", "[Journal]\nStorage=volatile\n")
	m.sh("rm -rf /var/log/journal && systemctl restart systemd-journald")
	o := ann.try("spacedrive", "logs")
	if o.code != 3 || !strings.Contains(o.err, "your journal is not kept: Storage=persistent") {
		t.Errorf("without a daemon and a journal: %v", o)
	}
	says(ann.try, "fix: your journal is not kept", nil, "spacedrive", "doctor")
}
