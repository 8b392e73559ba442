//go:build linux

package packaged

import (
	"fmt"
	"testing"
)

// What a person notices of an upgrade, while an index job runs and programs
// call without a pause: nothing.
func TestAnUpgradeLosesNoRequestAndNoJob(t *testing.T) {
	forms(t, oldPackage, func(f *form) {
		release := f.addSlowly()
		old := f.status()
		calling := f.ann.play("callers", f.socket(""))
		f.until("the callers", func() bool { return f.status().Connections >= 3 })
		f.install(newPackage)
		var now string
		f.until("the new daemon", func() bool {
			now = f.status().Version
			return now != old.Version
		})
		if old.Version != oldVersion || now != newVersion {
			f.t.Errorf("%s became %s, want %s and %s", old.Version, now, oldVersion, newVersion)
		}
		f.goesOn("the upgrade")
		var report callersReport
		calling.end(&report)
		if len(report.Lost) > 0 {
			f.t.Errorf("lost: %v", report.Lost)
		}
		if got := fmt.Sprint(report.Versions); got != fmt.Sprintf("[%s %s]", oldVersion, newVersion) || report.Boots != 2 {
			f.t.Errorf("the callers saw %d daemons of versions %s", report.Boots, got)
		}
		f.t.Logf("%d queries, %d connections, %d actions; %d actions unsure: %v", report.Queries, report.Connections, report.Actions, len(report.Unsure), report.Unsure)
		release()
		f.ends()
		if state := f.property("spacedrive.socket", "ActiveState") + " " + f.property("spacedrive.service", "NRestarts"); state != "active 0" {
			f.t.Errorf("socket and restarts: %s", state)
		}
	})
}

func TestAnUpgradeStartsNothingThatDidNotRun(t *testing.T) {
	forms(t, oldPackage, func(f *form) {
		f.install(newPackage)
		if state := f.property("spacedrive.socket", "ActiveState") + " " + f.property("spacedrive.service", "ActiveState"); state != "active inactive" {
			f.t.Errorf("socket and service are %s", state)
		}
		if s := f.status(); s.Version != newVersion {
			f.t.Errorf("the first connection starts %s", s.Version)
		}
	})
}
