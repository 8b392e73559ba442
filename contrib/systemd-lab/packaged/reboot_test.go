//go:build linux

package packaged

import "testing"

// A socket that a person has enabled is there after each login and each boot,
// and so is the job.
func TestAnEnabledSocketComesBack(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		f.systemctl("enable", "spacedrive.socket")
		release := f.addSlowly()
		first := f.status()
		back := func(after string) {
			f.t.Helper()
			f.until("the socket", func() bool { return f.property("spacedrive.socket", "ActiveState") == "active" })
			f.goesOn(after)
			if s := f.status(); s.BootID == first.BootID {
				f.t.Errorf("after %s the daemon is the old one", after)
			} else {
				first = s
			}
		}
		if !f.system {
			f.root("systemctl", "restart", "user@"+f.ann.id()+".service")
			f.ann.loggedIn()
			back("a restart of the user's manager")
		}
		f.reboot()
		f.ann.loggedIn()
		// The folders of the booted machine are others: they open at once.
		f.until("the socket", func() bool { return f.property("spacedrive.socket", "ActiveState") == "active" })
		release()
		f.ends()
		if s := f.status(); s.BootID == first.BootID || s.Activation != "systemd" {
			f.t.Errorf("after the reboot: %+v", s)
		}
	})
}
