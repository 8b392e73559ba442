package packaging

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// As systemctl of 252 prints UnitPath and DropInPaths.
func TestListsOfSystemdAreTakenApart(t *testing.T) {
	for list, want := range map[string][]string{
		"":                       nil,
		"/a/b /c":                {"/a/b", "/c"},
		`"/home/ann smith/x" /c`: {"/home/ann smith/x", "/c"},
		`"/say \"hi\"" /back\\slash "tab\there" "caf\303\251"`: {`/say "hi"`, `/back\\slash`, "tab\there", "café"},
		`"not closed`: {`"not`, "closed"},
	} {
		if got := words(list); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
}

// A systemctl that says what others' say, in words of which there are several.
func TestAManagerThatIsNotReached(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, said := range []string{
		"Failed to connect to bus: No medium found",
		"Failed to connect to user scope bus via local transport: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined", // 257
	} {
		script := "#!/bin/sh\necho '" + said + "' >&2\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := StatesOf(Options{Manager: Systemd})
		if e := protocol.AsError(err); err == nil || !strings.Contains(e.Message, "your systemd does not answer") || e.Hint == "" {
			t.Errorf("%s: %v", said, err)
		}
	}
}

// Whoever can change one link of several decides what the machine's service runs.
func TestEveryLinkOnTheWayToTheMachinesProgramCounts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: it takes root to have files of several owners")
	}
	dir, err := os.MkdirTemp("/var/lib", "spacedrive-test") // a temporary folder is open to all
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"bin", "eve", "opt"} {
		if err := os.Mkdir(at(sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(at("opt/spacedrived"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"bin/spacedrived": "../eve/current", "eve/current": at("opt/spacedrived")} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkMachineProgram(at("bin/spacedrived")); err != nil {
		t.Errorf("where all are root's: %v", err)
	}
	if err := os.Chown(at("eve"), 1000, 1000); err != nil {
		t.Fatal(err)
	}
	if err := checkMachineProgram(at("bin/spacedrived")); err == nil || !strings.Contains(err.Error(), at("eve")+" does not belong to root") {
		t.Errorf("where a folder on the way is another's: %v", err)
	}
}
