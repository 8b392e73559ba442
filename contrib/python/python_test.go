// Package python holds the client for Python, and runs its tests: spacedrive.py
// against a daemon that is built here. They are in test_spacedrive.py.
//
// Where there is no Python the test is skipped and says so; with
// CLIENTS=required in the environment that is a failure instead.
package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestClient(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import sqlite3, sys; assert sys.version_info >= (3, 9)").Run()
	}
	if err != nil {
		why := "NOT TESTED, the client for Python: it needs python3, 3.9 or later, with sqlite3: " + err.Error()
		if os.Getenv("CLIENTS") == "required" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	daemon := filepath.Join(t.TempDir(), "spacedrived")
	build := exec.Command("go", "build", "-o", daemon, "../../cmd/spacedrived")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	// -W error: what Python warns of, such as a socket left open, is a failure.
	tests := exec.CommandContext(t.Context(), python, "-W", "error", "-m", "unittest", "-v")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "SPACEDRIVE_") {
			tests.Env = append(tests.Env, variable)
		}
	}
	tests.Env = append(tests.Env, "SPACEDRIVED="+daemon, "PYTHONDONTWRITEBYTECODE=1")
	// Whatever happens here, no daemon is left behind.
	tests.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-tests.Process.Pid, syscall.SIGKILL) }
	tests.Cancel = kill
	out, err := tests.CombinedOutput()
	if tests.Process != nil {
		_ = kill()
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
