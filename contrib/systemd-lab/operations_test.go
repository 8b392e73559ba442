package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
)

// operations are the scenes of docs/operations.md that take a systemd: what
// brings each about, with the units installed and the socket enabled, and what
// is in the shell's environment then. cmd/spacedrive has the others.
var operations = map[string]struct {
	setup func(d *daemon)
	env   string
}{
	"start-limit": {setup: func(d *daemon) {
		d.status()
		d.dropIn("spacedrive.service", "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n")
		d.systemctl("stop", "spacedrive.service")
		d.until("systemd to give the socket up", func() bool {
			_, _ = exchange(d.socket, statusQuery)
			return d.property("spacedrive.socket", "ActiveState") == "failed"
		})
	}},
	"program-gone": {setup: func(d *daemon) {
		gone := filepath.Join(d.home, "go/bin/spacedrived")
		d.run("mkdir", "-p", filepath.Dir(gone))
		d.run("cp", filepath.Join(share, "bin/spacedrive"), filepath.Join(share, "bin/spacedrived"), filepath.Dir(gone))
		d.run(filepath.Join(filepath.Dir(gone), "spacedrive"), "service", "install")
		d.run("rm", "-r", filepath.Join(d.home, "go"))
	}},
	"other-environment": {env: "export XDG_DATA_HOME=~/data\n"},
	"socket-removed":    {setup: func(d *daemon) { d.remove(d.socket) }},
	"not-enabled":       {setup: func(d *daemon) { d.systemctl("disable", "spacedrive.socket") }},
	"su":                {env: "unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS\n"},
}

func TestTheOperationsPageIsTrueUnderSystemd(t *testing.T) {
	if skipped != "" {
		t.Skip("NOT TESTED: ", skipped)
	}
	page, err := os.ReadFile(filepath.Join(share, "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := readme.Blocks(string(page))
	ran := 0
	for i, b := range blocks {
		who, name, _ := strings.Cut(b.Note, " ")
		if who != "systemd" {
			continue
		}
		ran++
		t.Run(name, func(t *testing.T) {
			scene, ok := operations[name]
			if !ok || b.Kind != "console" || i+1 == len(blocks) || blocks[i+1].Kind != "sh" {
				t.Fatalf("operations.md:%d: there is no such scene, or no fix follows", b.Line)
			}
			d := install(t)
			if scene.setup != nil {
				scene.setup(d)
			}
			d.symptomAndFix(b, scene.env, blocks[i+1].Text)
		})
	}
	if ran != len(operations) {
		t.Errorf("%d entries, and %d scenes", ran, len(operations))
	}
}

// The blocks of docs/install.md for one user, each by itself on a machine that
// has the programs on its PATH.
func TestTheInstallPageIsTrueUnderSystemd(t *testing.T) {
	if skipped != "" {
		t.Skip("NOT TESTED: ", skipped)
	}
	page, err := os.ReadFile(filepath.Join(share, "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := make(map[string]bool)
	for _, b := range readme.Blocks(string(page)) {
		who, name, _ := strings.Cut(b.Note, " ")
		if who != "systemd" {
			continue
		}
		ran[name] = true
		t.Run(name, func(t *testing.T) {
			d := clean(t)
			if name != "service" {
				d = install(t)
			}
			out, err := d.shell("set -e\n" + b.Text)
			if err != nil {
				t.Fatalf("install.md:%d: %v\n%s", b.Line, err, out)
			}
			switch name {
			case "service":
				if !strings.Contains(out, "by systemd's socket") {
					t.Errorf("it prints\n%s", out)
				}
			case "instance":
				if !strings.Contains(out, "instances/photos") || !strings.Contains(out, "by systemd's socket") {
					t.Errorf("it prints\n%s", out)
				}
			case "uninstall":
				if !strings.Contains(out, "The data stays in /home/ann/.local/share/spacedrive") {
					t.Errorf("it prints\n%s", out)
				}
			default:
				t.Errorf("install.md:%d: what should this do?", b.Line)
			}
		})
	}
	if len(ran) != 3 {
		t.Errorf("it has the blocks %v", ran)
	}
}

// symptomAndFix runs the commands of an entry, then its fix, in one shell with
// the first command, which says something else then, and doctor, which finds
// nothing.
func (d *daemon) symptomAndFix(b readme.Block, env, fix string) {
	d.t.Helper()
	steps := readme.Session(b)
	for _, step := range steps {
		if out, _ := d.shell(env + step.Command); !step.Fits(out) {
			d.t.Errorf("operations.md:%d: %s prints\n%s\nand not\n%s", step.Line, step.Command, out, step.Output)
		}
	}
	if out, err := d.shell("set -e\n" + env + fix); err != nil {
		d.t.Fatalf("%s: %v\n%s", fix, err, out)
	}
	mended := ""
	if env != "" { // which only that shell has left
		mended = env + fix + "\n"
	}
	deadline := time.Now().Add(patience)
	for {
		out, _ := d.shell(mended + steps[0].Command)
		if !steps[0].Fits(out) {
			break
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("operations.md:%d: after the fix, %s still prints\n%s", b.Line, steps[0].Command, out)
		}
	}
	if out, err := d.shell(mended + "spacedrive doctor"); err != nil || strings.Contains(out, " unit  ") && !okUnit.MatchString(out) {
		d.t.Errorf("operations.md:%d: after the fix, doctor finds (%v)\n%s", b.Line, err, out)
	}
}

var okUnit = regexp.MustCompile(`(?m)^ok +unit `)

// shell returns what a script prints, as the page has it.
func (d *daemon) shell(script string) (string, error) {
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = d.home
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(share, "bin")+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), d.home, "/home/ann"), err
}
