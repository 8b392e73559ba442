package listen

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

func TestASocketThatSomebodyHoldsIsLeftToWhoStartsItsDaemon(t *testing.T) {
	own := filepath.Join(t.TempDir(), "s.sock")
	for _, tt := range []struct{ manager, path, instance, want string }{
		{Systemd, own, "default", "systemctl --user start spacedrive.service"},
		{Systemd, own, "dev", "systemctl --user start spacedrive@dev.service"},
		{Systemd, config.SystemSocketPath("default"), "default", "sudo systemctl start spacedrive.service"},
		{Systemd, config.SystemSocketPath("dev"), "dev", "sudo systemctl start spacedrive@dev.service"},
		{Systemd, config.SystemSocketPath("dev"), "other", "systemctl --user start spacedrive@other.service"},
		{Launchd, own, "default", "launchd, use it: spacedrive status"},
		{Launchd, config.SystemSocketPath("dev"), "dev", "spacedrive --system --instance dev status"},
		{"", config.SystemSocketPath("default"), "default", "a service manager, have it start"},
	} {
		if got := heldAdvice(tt.manager, tt.path, tt.instance); !strings.Contains(got, tt.want) || tt.manager == "" && strings.Contains(got, "systemctl") {
			t.Errorf("%s, %s of %s: %q has no %q", tt.manager, tt.path, tt.instance, got, tt.want)
		}
	}
	held, err := net.Listen("unix", own)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := Bind(own, "dev", Admission{}); err == nil || !strings.Contains(err.Error(), heldAdvice(manager(), own, "dev")) {
		t.Errorf("Bind says %v", err)
	}
}
