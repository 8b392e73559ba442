package listen

import (
	"strings"
	"testing"
)

func TestInstanceOf(t *testing.T) {
	for name, want := range map[string]string{
		"": "default", "unknown": "default", "connection": "default", "spacedrive.socket": "default",
		"LISTEN_FD_3": "default", "dev": "dev", "default": "default", "spacedrive@dev.socket": "dev",
		"spacedrive@default.socket": "default", "a-b_c9": "a-b_c9", strings.Repeat("a", 32): strings.Repeat("a", 32),
		"LISTEN_FD_x": "", "Dev": "", "-dev": "", "spacedrive@.socket": "", "spacedrive@De v.socket": "",
		"other.socket": "", strings.Repeat("a", 33): "", "../x": "",
	} {
		got, ok := InstanceOf(name)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q is instance %q, %v; want %q", name, got, ok, want)
		}
	}
}
