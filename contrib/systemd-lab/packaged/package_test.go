//go:build linux

package packaged

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The versions that packaging/pair makes.
const (
	oldVersion, newVersion = "0.0.1", "99.0.0"
	oldPackage, newPackage = "old.deb", "new.deb"
)

// makePackages puts both versions into share, made as they are for a release;
// or takes them from the folder that PACKAGED names.
func makePackages() error {
	pair := os.Getenv("PACKAGED")
	if pair == "" {
		pair = filepath.Join(share, "pair")
		build := exec.Command("../../../packaging/pair", pair)
		build.Env = append(os.Environ(), "GOFLAGS=") // "go test" says nothing to it
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("packaging/pair: %w\n%s", err, text)
		}
	}
	for folder, name := range map[string]string{"old": oldPackage, "new": newPackage} {
		made, err := filepath.Glob(filepath.Join(pair, folder, "*.deb"))
		if err != nil || len(made) != 1 {
			return fmt.Errorf("in %s/%s there is %q, want one package", pair, folder, made)
		}
		if err := copyFile(made[0], filepath.Join(share, name)); err != nil {
			return err
		}
	}
	return nil
}

// makeRoots copies the clean root for each package and installs it there, as an
// image of a machine is made: nothing of systemd runs. A machine that boots from
// it has the package as after any boot, and the test is spared apt.
func makeRoots() (map[string]string, error) {
	roots := make(map[string]string)
	for _, pkg := range []string{oldPackage, newPackage} {
		dir := rootFor(pkg, os.Getpid())
		roots[pkg] = dir
		if out, err := exec.Command("cp", "-a", "--reflink=auto", root, dir).CombinedOutput(); err != nil {
			return roots, fmt.Errorf("cannot copy the clean root: %w\n%s", err, out)
		}
		if err := copyFile(filepath.Join(share, pkg), filepath.Join(dir, pkg)); err != nil {
			return roots, err
		}
		install := exec.Command("chroot", dir, "dpkg", "--install", "/"+pkg)
		install.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
		if out, err := install.CombinedOutput(); err != nil {
			return roots, fmt.Errorf("cannot install %s into an image: %w\n%s", pkg, err, out)
		}
		if err := os.Remove(filepath.Join(dir, pkg)); err != nil {
			return roots, err
		}
	}
	return roots, nil
}

// rootFor names the root of a test run that has a package installed.
func rootFor(pkg string, pid int) string {
	return filepath.Join("/var/tmp", fmt.Sprintf("packaged-root.%d.%s", pid, pkg))
}
