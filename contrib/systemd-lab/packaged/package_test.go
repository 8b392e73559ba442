//go:build linux

package packaged

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Until there are releases, the previous version is the same source with a
// lower one.
const (
	oldVersion, newVersion = "0.0.1", "99.0.0"
	oldPackage, newPackage = "old.deb", "new.deb"
)

// makePackages puts both versions into share, made as they are for a release;
// or takes them from the folder that PACKAGED_DEBS names.
func makePackages() error {
	if made := os.Getenv("PACKAGED_DEBS"); made != "" {
		return errors.Join(
			copyFile(filepath.Join(made, oldPackage), filepath.Join(share, oldPackage)),
			copyFile(filepath.Join(made, newPackage), filepath.Join(share, newPackage)))
	}
	for version, name := range map[string]string{oldVersion: oldPackage, newVersion: newPackage} {
		out := filepath.Join(share, version)
		build := exec.Command("../../../packaging/build", "--version", version, "--arch", runtime.GOARCH, "--format", "deb", "--out", out)
		build.Env = append(os.Environ(), "GOFLAGS=") // "go test" says nothing to it
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("packaging/build: %w\n%s", err, text)
		}
		made, err := filepath.Glob(filepath.Join(out, "*.deb"))
		if err != nil || len(made) != 1 {
			return fmt.Errorf("packaging/build made %q, want one package", made)
		}
		if err := os.Rename(made[0], filepath.Join(share, name)); err != nil {
			return err
		}
	}
	return nil
}
