// Package typescript holds the client for TypeScript, and runs its tests: it
// compiles the client in a copy of this folder, and lets the tests in test/ call a
// daemon that is built here. Of what the daemon answers to core.methods, go
// generate writes src/operations.ts.
//
// Where there is no Node.js the tests are skipped and say so; with
// CLIENTS=required in the environment that is a failure instead.
package typescript

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// hold names the database whose lock for writing this test binary, run again
// as a process of its own, holds until the end of its stdin.
const hold = "HOLD"

func TestMain(m *testing.M) {
	if database := os.Getenv(hold); database != "" {
		if err := holdLock(database); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func holdLock(database string) error {
	conn, err := sqlite.OpenConn(database, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	if err := sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return conn.Close()
}

func TestClient(t *testing.T) {
	if why := unable(); why != "" {
		why = "NOT TESTED, the client for TypeScript: " + why
		if os.Getenv("CLIENTS") == "required" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	copied := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "tsconfig.json", "src", "test"} {
		if err := copyTo(filepath.Join(copied, name), name); err != nil {
			t.Fatal(err)
		}
	}
	writeExamples(t, filepath.Join(copied, "examples"))
	run(t, copied, nil, "npm", "ci", "--no-audit", "--no-fund")
	run(t, copied, nil, "npm", "run", "build")

	daemon := filepath.Join(t.TempDir(), "spacedrived")
	run(t, ".", []string{"CGO_ENABLED=0"}, "go", "build", "-o", daemon, "../../cmd/spacedrived")
	t.Run("a program elsewhere has it by its name", func(t *testing.T) {
		own := t.TempDir()
		run(t, own, nil, "npm", "install", "--no-audit", "--no-fund", copied)
		run(t, own, nil, "node", "--input-type=module", "-e", `
			import { connect } from "spacedrive-client";
			if (typeof connect !== "function") throw new Error("no connect");`)
	})
	t.Run("tests", func(t *testing.T) {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		tests, err := filepath.Glob(filepath.Join(copied, "dist/test/*.test.js"))
		if err != nil || len(tests) < 3 {
			t.Fatalf("%d test programs, %v", len(tests), err)
		}
		out := run(t, copied, []string{"SPACEDRIVED=" + daemon, "HOLDER=" + self}, "node", append([]string{"--test"}, tests...)...)
		t.Logf("%s", out)
	})
}

func unable() string {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return err.Error()
		}
	}
	version, err := exec.Command("node", "--version").Output()
	if err != nil {
		return err.Error()
	}
	major := 0
	if _, err := fmt.Sscanf(string(version), "v%d.", &major); err != nil || major < 18 {
		return fmt.Sprintf("it needs Node.js 18 or later, and this is %s", version)
	}
	return ""
}

var example = regexp.MustCompile("(?ms)^```ts\n(.*?)^```$")

// writeExamples puts each block of the README into a program of its own.
func writeExamples(t *testing.T, dir string) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, block := range example.FindAllSubmatch(readme, -1) {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("example%d.ts", i+1)), block[1], 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a program in dir and returns what it prints. Whatever it started
// and left behind is killed.
func run(t *testing.T, dir string, env []string, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "SPACEDRIVE_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = kill
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		_ = kill()
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return out
}

func copyTo(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
