package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

func TestSystemdFindsNothingToSayAgainstTheUnits(t *testing.T) {
	d := install(t)
	args := []string{"--user", "verify", "spacedrive.socket", "spacedrive.service", "spacedrive@dev.socket", "spacedrive@dev.service"}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	d.systemctl("start", "spacedrive.service")
}

// What a user's systemd cannot apply it leaves out without a word, so the
// kernel is asked what holds.
func TestTheHardeningHolds(t *testing.T) {
	d := install(t)
	d.systemctl("start", "spacedrive.service")
	proc, err := os.ReadFile(filepath.Join("/proc", d.property("spacedrive.service", "MainPID"), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
		if !strings.Contains(string(proc), want) {
			t.Errorf("no %q in\n%s", want, proc)
		}
	}
}

func TestOnlyTheUserReachesTheSocket(t *testing.T) {
	d := install(t)
	for path, want := range map[string]os.FileMode{d.socket: 0o600, filepath.Dir(d.socket): 0o700} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

func TestAwkwardPathsReachTheDaemon(t *testing.T) {
	for _, name := range []string{`plain`, `a b`, `50%`, `%h`, `$HOME`, `${HOME}`, `say "hi"`, `l'été`, `back\slash`, `semi ; colon`, `#`, ` ends `} {
		t.Run(name, func(t *testing.T) {
			d := clean(t)
			// systemd runs no program with one of these in its path, and the
			// installation says so.
			unfit := strings.NewReplacer(`"`, "", `'`, "", `\`, "")
			program := filepath.Join(d.home, "programs", unfit.Replace(name), "spacedrived")
			d.write(program, "")
			if err := os.RemoveAll(program); err != nil {
				t.Fatal(err)
			}
			if err := os.Link(filepath.Join(share, "bin/spacedrived"), program); err != nil {
				d.run("cp", filepath.Join(share, "bin/spacedrived"), program)
			}
			data := filepath.Join(d.home, "data", name)
			t.Cleanup(func() {
				d.spacedrive("service", "uninstall")
				_ = os.RemoveAll(filepath.Join(d.home, "programs"))
				_ = os.RemoveAll(filepath.Join(d.home, "data"))
			})
			if _, err := packaging.Install(packaging.Options{Program: program, DataDir: data}); err != nil {
				t.Fatal(err)
			}
			d.systemctl("start", "spacedrive.socket")
			d.socket = config.SocketPath(data, "")
			s := d.status()
			if string(s.Instance.DataDir) != data {
				t.Errorf("the daemon's data folder is %q, want %q", s.Instance.DataDir, data)
			}
			if exe, err := os.Readlink(filepath.Join("/proc", d.property("spacedrive.service", "MainPID"), "exe")); err != nil || exe != program {
				t.Errorf("systemd runs %q (%v), want %q", exe, err, program)
			}
		})
	}
}
