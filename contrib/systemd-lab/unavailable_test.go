package lab

import (
	"os"
	"strings"
	"testing"
)

// A socket-activated daemon that exits before it accepts is started again at
// once, until systemd gives the socket up. So it stays and tells each client.
func TestAClientIsToldWhyTheDaemonCannotStart(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(d *daemon) (mend func())
		want  []string // in the error
	}{
		"configuration that cannot be read": {
			func(d *daemon) func() {
				path := d.configure("idle_timeout = \"1m\"\nno_such_setting = 1\n")
				return func() { d.remove(path) }
			},
			[]string{"config.toml:2", "no_such_setting"},
		},
		"data folder without the right to write": {
			func(d *daemon) func() {
				d.chmod(d.dataDir, 0o500)
				return func() { d.chmod(d.dataDir, 0o700) }
			},
			[]string{"/.local/share/spacedrive", "permission denied"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := install(t)
			mend := test.spoil(d)
			for range 30 {
				a := d.ask("query", "libraries.list", "{}")
				if a.Error.Code != "core_unavailable" {
					t.Fatalf("it answered %v, want core_unavailable", a)
				}
				for _, want := range test.want {
					if !strings.Contains(a.Error.Message+a.Error.Hint, want) {
						t.Fatalf("the reason %q does not name %q", a, want)
					}
				}
			}
			if a := d.ask("query", "core.status", "{}"); a.Type != "ok" {
				t.Errorf("core.status answers %v", a)
			}
			d.socketLives()

			mend()
			d.systemctl("restart", "spacedrive.service")
			if a := d.ask("query", "libraries.list", "{}"); a.Type != "ok" {
				t.Errorf("mended, it answers %v", a)
			}
		})
	}
}

func (d *daemon) remove(path string) {
	d.t.Helper()
	if err := os.Remove(path); err != nil {
		d.t.Fatal(err)
	}
}

func (d *daemon) chmod(path string, mode os.FileMode) {
	d.t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		d.t.Fatal(err)
	}
}
