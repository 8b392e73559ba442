package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// plainProgram builds the daemon as users have it, for tests that measure its
// memory: the test binary itself may have a race detector in it, which takes
// several times as much.
func plainProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(built, "spacedrived")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}
