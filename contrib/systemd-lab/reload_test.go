package lab

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestReloadTakesUpAChangedConfiguration(t *testing.T) {
	d := install(t)
	before := d.status()
	d.configure("[limits]\nsubscriptions = 5\n")
	d.systemctl("reload", "spacedrive.service")
	d.until("the new limit", func() bool { return d.limits()["subscriptions"] == 5 })
	if after := d.status(); after.PID != before.PID {
		t.Errorf("%d was replaced by %d", before.PID, after.PID)
	}
	// systemd saw RELOADING=1 and then READY=1.
	d.until("the reload's end", func() bool { return d.property("spacedrive.service", "SubState") == "running" })
	log := d.journalctl("-o", "cat", "USER_UNIT=spacedrive.service")
	if !strings.Contains(log, "Reloading") || !strings.Contains(log, "Reloaded") {
		t.Errorf("systemd does not know of a reload:\n%s", log)
	}
}

func TestReloadOfABadConfigurationKeepsTheOldOne(t *testing.T) {
	d := install(t)
	d.configure("[limits]\nsubscriptions = 5\n")
	before := d.status()
	d.configure("[limits]\nsubscriptions = \"many\"\n")
	d.systemctl("reload", "spacedrive.service")
	d.until("word of it in the journal", func() bool {
		return strings.Contains(d.journalctl("-o", "cat", "SYSLOG_IDENTIFIER=spacedrived"), "config.toml:2")
	})
	if n := d.limits()["subscriptions"]; n != 5 {
		t.Errorf("the limit is %v, want the old 5", n)
	}
	if after := d.status(); after.PID != before.PID {
		t.Errorf("%d was replaced by %d", before.PID, after.PID)
	}
}

// limits returns what hello tells of them.
func (d *daemon) limits() map[string]float64 {
	d.t.Helper()
	answers, err := exchange(d.socket, `{"type":"hello","id":1}`)
	if err != nil || len(answers) != 1 || answers[0].Type != "ok" {
		d.t.Fatalf("hello: %v, %v", answers, err)
	}
	var hello struct {
		Limits map[string]float64 `json:"limits"`
	}
	if err := json.Unmarshal(answers[0].Payload, &hello); err != nil {
		d.t.Fatal(err)
	}
	return hello.Limits
}
