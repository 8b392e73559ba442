package packaging

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAnInstalledServiceOutlivesAnUpgrade(t *testing.T) {
	root := t.TempDir()
	versioned := filepath.Join(root, "Cellar/spacedrive/1.2.3/bin/spacedrived")
	write := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	write(versioned)
	t.Setenv("PATH", filepath.Join(root, "none"))
	if got := StableProgram(versioned, false); got != versioned {
		t.Errorf("with no link to it: %s", got)
	}
	link("../Cellar/spacedrive/1.2.3", filepath.Join(root, "opt/spacedrive"))
	if got, want := StableProgram(versioned, false), filepath.Join(root, "opt/spacedrive/bin/spacedrived"); got != want {
		t.Errorf("with Homebrew's link it is %s, want %s", got, want)
	}
	link("../Cellar/spacedrive/1.2.3/bin/spacedrived", filepath.Join(root, "bin/spacedrived"))
	t.Setenv("PATH", filepath.Join(root, "bin"))
	if got, want := StableProgram(versioned, false), filepath.Join(root, "bin/spacedrived"); got != want {
		t.Errorf("with a name on the PATH it is %s, want %s", got, want)
	}
	if got, want := StableProgram(versioned, true), filepath.Join(root, "opt/spacedrive/bin/spacedrived"); got != want {
		t.Errorf("for the machine, whoever's PATH it is, it is %s, want %s", got, want)
	}
	write(filepath.Join(root, "other/spacedrived"))
	t.Setenv("PATH", filepath.Join(root, "other"))
	if got, want := StableProgram(versioned, false), filepath.Join(root, "opt/spacedrive/bin/spacedrived"); got != want {
		t.Errorf("with another program of the name on the PATH it is %s, want %s", got, want)
	}
}
