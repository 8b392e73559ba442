//go:build linux

package packaged

import (
	"strings"
	"testing"
)

func TestATemplateRunsAnotherInstance(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		first := f.status()
		f.systemctl("start", "spacedrive@work.socket")
		work := f.machine.status(f.socket("work"))
		if work.Instance.Name != "work" || work.Activation != "systemd" || work.PID == first.PID {
			f.t.Errorf("the template's socket leads to %+v, the plain one to %+v", work.Instance, first)
		}
		if string(first.Instance.DataDir) != f.dataDir || work.Instance.DataDir == first.Instance.DataDir || !strings.HasPrefix(string(work.Instance.DataDir), f.dataDir+"/") {
			f.t.Errorf("their data folders are %s and %s", first.Instance.DataDir, work.Instance.DataDir)
		}
		f.spacedrive("--instance", "work", "library", "create", "Work")
		f.spacedrive("library", "create", "Home")
		for instance, want := range map[string]string{"work": "Work", "default": "Home"} {
			if list := f.spacedrive("--instance", instance, "library", "list"); strings.Count(list, want) == 0 || strings.Contains(list, "Work") == strings.Contains(list, "Home") {
				f.t.Errorf("instance %s lists:\n%s", instance, list)
			}
		}
		f.systemctl("stop", "spacedrive@work.socket", "spacedrive@work.service")
		if s := f.status(); s.BootID != first.BootID {
			f.t.Error("stopping one instance has stopped the other")
		}
	})
}

func TestReloadTakesUpAChangedConfiguration(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		before := f.status()
		for _, step := range []struct {
			text string
			want int64
		}{
			{"[limits]\nsubscriptions = 5\n", 5},
			{"[limits]\nsubscriptions = \"many\"\n", 5}, // and the old one stays
			{"[limits]\nsubscriptions = 7\n", 7},
		} {
			f.configure(step.text)
			f.systemctl("reload", "spacedrive.service")
			f.until("the reload", func() bool {
				c := f.dial(f.socket(""))
				defer c.Close()
				return c.Hello().Limits["subscriptions"] == step.want
			})
		}
		if s := f.status(); s.PID != before.PID {
			f.t.Errorf("%d was replaced by %d", before.PID, s.PID)
		}
	})
}

func TestRestartTakesUpAnotherConfiguration(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		before := f.status()
		f.configure("idle_timeout = \"1ms\"\n")
		f.systemctl("restart", "spacedrive.service")
		f.until("the idle exit", func() bool { return f.property("spacedrive.service", "ActiveState") == "inactive" })
		if result := f.property("spacedrive.service", "Result"); result != "success" {
			f.t.Errorf("the idle exit is a %s", result)
		}
		if s := f.status(); s.BootID == before.BootID || s.Activation != "systemd" {
			f.t.Errorf("after the restart: %+v", s)
		}
	})
}
