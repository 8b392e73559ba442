package lab

import (
	"testing"
)

// More often than systemd's limits allow by default, 5 starts in 10 s
// (systemd.unit(5)): the socket is not given up, and leads to a daemon.
func TestASocketIsStoppedAndStartedAsOftenAsOneLikes(t *testing.T) {
	d := install(t)
	for range 12 {
		d.status()
		d.systemctl("stop", "spacedrive.socket", "spacedrive.service")
		for _, unit := range []string{"spacedrive.socket", "spacedrive.service"} {
			if state := d.property(unit, "ActiveState"); state != "inactive" {
				t.Errorf("stopped, %s is %s", unit, state)
			}
		}
		d.systemctl("start", "spacedrive.socket")
		d.status()
		d.systemctl("restart", "spacedrive.socket")
		d.status()
		d.socketLives()
	}
}
