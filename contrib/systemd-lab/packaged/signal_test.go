//go:build linux

package packaged

import (
	"strings"
	"testing"
)

// "systemctl kill" with each signal that someone may try, while a job runs.
func TestSignalsDuringAJob(t *testing.T) {
	const stays, ends, crashes = "stays", "ends", "crashes"
	forms(t, newPackage, func(f *form) {
		release := f.addSlowly()
		restarts := 0
		for _, step := range []struct{ signal, daemon, log string }{
			{"HUP", stays, "configuration read again"},
			{"USR1", stays, "what the daemon is doing is written down"},
			{"TERM", ends, "stopped"},
			{"INT", ends, "stopped"},
			{"KILL", crashes, ""},
			{"ABRT", crashes, "SIGABRT"},
			{"QUIT", crashes, "SIGQUIT"},
		} {
			before := f.status()
			f.systemctl("kill", "--signal="+step.signal, "spacedrive.service")
			switch step.daemon {
			case ends:
				f.until("the end by "+step.signal, func() bool { return f.property("spacedrive.service", "ActiveState") == "inactive" })
				if result := f.property("spacedrive.service", "Result"); result != "success" {
					f.t.Errorf("%s: the service's result is %s", step.signal, result)
				}
			case crashes:
				// Without anyone connecting: the restart is systemd's.
				restarts++
				f.until("the restart after "+step.signal, func() bool {
					return f.property("spacedrive.service", "ActiveState")+f.property("spacedrive.service", "NRestarts") == "active"+string(rune('0'+restarts))
				})
			}
			f.until(step.log+" in the journal after "+step.signal, func() bool {
				return strings.Contains(f.root("journalctl", "-o", "cat", "SYSLOG_IDENTIFIER=spacedrived"), step.log)
			})
			after := f.status()
			if same := after.BootID == before.BootID; same != (step.daemon == stays) {
				f.t.Errorf("after %s the daemon %d is %d; want one that %s", step.signal, before.PID, after.PID, step.daemon)
			}
			f.goesOn(step.signal)
			if state := f.property("spacedrive.socket", "ActiveState"); state != "active" {
				f.t.Fatalf("after %s the socket is %s", step.signal, state)
			}
		}
		release()
		f.ends()
	})
}

// Stopped means stopped, with the job where it was; the socket is another unit.
func TestStopDuringAJob(t *testing.T) {
	forms(t, newPackage, func(f *form) {
		release := f.addSlowly()
		f.systemctl("stop", "spacedrive.service")
		if state := f.property("spacedrive.service", "ActiveState") + " " + f.property("spacedrive.service", "Result"); state != "inactive success" {
			f.t.Errorf("stopped, the service is %s", state)
		}
		f.goesOn("a stop and the next connection")
		// With its socket it stays down.
		f.systemctl("stop", "spacedrive.socket")
		if state := f.property("spacedrive.service", "ActiveState") + " " + f.property("spacedrive.service", "Result"); state != "inactive success" {
			f.t.Errorf("stopped with its socket, the service is %s", state)
		}
		args := []string{"spacedrive", "status"}
		if f.system {
			args = []string{"spacedrive", "--system", "status"}
		}
		if o := f.ann.try(args...); o.code != 3 || !strings.Contains(o.err, "spacedrive") {
			f.t.Errorf("with nothing there: %v", o)
		}
		f.systemctl("start", "spacedrive.socket")
		f.goesOn("a start of the socket")
		release()
		f.ends()
	})
}
