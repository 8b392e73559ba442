package service

import (
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/service/listen"
)

func TestLaunchdsDaemonIdlesForAMinuteAtLeast(t *testing.T) {
	for _, tt := range []struct {
		configured time.Duration
		origin     string
		want       time.Duration
	}{
		{5 * time.Second, listen.Launchd, time.Minute},
		{5 * time.Minute, listen.Launchd, 5 * time.Minute},
		{0, listen.Launchd, 0}, // never
		{5 * time.Second, listen.Systemd, 5 * time.Second},
	} {
		if got := leastIdle(tt.configured, tt.origin); got != tt.want {
			t.Errorf("%v of %s: %v, want %v", tt.configured, tt.origin, got, tt.want)
		}
	}
}
