//go:build linux

package packaged

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

var (
	share   string            // the folder that every lab sees, at the same path
	root    string            // the clean root
	roots   map[string]string // the same with a package installed, by the package
	skipped string            // why there is no lab
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role, os.Args[1:]))
	}
	flag.Parse()
	if list := flag.Lookup("test.list"); list != nil && list.Value.String() != "" {
		os.Exit(m.Run())
	}
	if skipped = unable(); skipped != "" {
		if os.Getenv("SYSTEMD_LAB") == "required" {
			fmt.Fprintln(os.Stderr, "the systemd lab is required, but:", skipped)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "NOT TESTED as a package:", skipped)
		os.Exit(m.Run())
	}
	code, err := prepared(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "packaged:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func unable() string {
	if os.Getuid() != 0 {
		return "the lab needs root, to make namespaces and mounts"
	}
	if out, err := exec.Command("unshare", "--pid", "--mount", "--net", "--fork", "true").CombinedOutput(); err != nil {
		return fmt.Sprintf("this machine lets nobody make namespaces: %v: %s", err, out)
	}
	return ""
}

// prepared makes the clean root and the packages, and calls run.
func prepared(run func() int) (code int, err error) {
	sweep()
	if share, err = os.MkdirTemp("", fmt.Sprintf("packaged-%d-", os.Getpid())); err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(share))
		for _, dir := range roots {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := os.Chmod(share, 0o755); err != nil { // #nosec G302 -- users inside read it
		return 0, err
	}
	cmd := exec.Command("../cleanroot")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("cannot make a clean Debian: %w", err)
	}
	root = strings.TrimSpace(string(out))
	if err := makePackages(); err != nil {
		return 0, err
	}
	if roots, err = makeRoots(); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	if err := copyFile(self, filepath.Join(share, "lab.test")); err != nil {
		return 0, err
	}
	return run(), nil
}

// #nosec G304 G306 -- a test's own files, which users inside run
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}

// stateDir names the n-th lab of a test run.
func stateDir(pid, n int) string { return fmt.Sprintf("/run/packaged-lab.%d.%d", pid, n) }

// sweep takes away what test runs left that were killed before they could.
func sweep() {
	shares, _ := filepath.Glob(filepath.Join(os.TempDir(), "packaged-*-*"))
	for _, dir := range shares {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(dir), "-")[1])
		if err == nil && syscall.Kill(pid, 0) != nil {
			_ = os.RemoveAll(dir)
			withPackages, _ := filepath.Glob(rootFor("*", pid))
			for _, dir := range withPackages {
				_ = os.RemoveAll(dir)
			}
		}
	}
	left, _ := filepath.Glob("/run/packaged-lab.*.*")
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(dir), ".")[1])
		if err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		down := exec.Command("../lab", "down")
		down.Env = append(os.Environ(), "LAB_DIR="+dir)
		if out, err := down.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "packaged: cannot take down %s: %v: %s\n", dir, err, out)
		}
	}
}
