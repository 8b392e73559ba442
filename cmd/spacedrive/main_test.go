package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/spacedrive-go/spacedrive/protocol/client"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"spacedrive": main})
}

// daemonDir builds spacedrived, once, and returns the folder that it is in:
// that of the test's own spacedrive, which the whole run's end removes.
var daemonDir = sync.OnceValues(func() (string, error) {
	self, err := exec.LookPath("spacedrive")
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(self)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", dir, "../spacedrived")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("go build ../spacedrived: %w\n%s", err, out)
	}
	return dir, nil
})

// noRaceSleep keeps the race detector from having each process sleep a second
// at its end.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// TestScripts runs every command against the real daemon, each script with
// one of its own. The folder of its data is $DATA.
func TestScripts(t *testing.T) {
	if _, err := daemonDir(); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			data := filepath.Join(env.WorkDir, "x", "spacedrive")
			for _, pair := range [][2]string{
				{"HOME", filepath.Join(env.WorkDir, "home")},
				{"XDG_DATA_HOME", filepath.Join(env.WorkDir, "x")}, // short: a socket's path must be
				{"XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config")},
				{"XDG_RUNTIME_DIR", ""}, // no script meets the systemd of whoever runs the tests
				{"DBUS_SESSION_BUS_ADDRESS", ""},
				{"DATA", data},
				{"SOCK", filepath.Join(data, "daemon", "daemon.sock")},
				{"TERM", "xterm"},
				{"TZ", "UTC"},
				{"GORACE", strings.TrimPrefix(noRaceSleep, "GORACE=")},
			} {
				env.Setenv(pair[0], pair[1])
			}
			env.Defer(func() { endDaemons(t, env.WorkDir) })
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("no condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "json": cmdJSON, "fakedaemon": cmdFakeDaemon, "await": cmdAwait,
			"files": cmdFiles, "telling": cmdTelling, "discreet": cmdDiscreet,
		},
	})
}

// endDaemons ends the daemons that a script left behind.
func endDaemons(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSocket == 0 {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := client.Dial(ctx, client.Socket(path))
		if err != nil {
			return nil // stale, or not the daemon's
		}
		defer c.Close()
		if err := c.Shutdown(ctx); err != nil {
			t.Errorf("cannot end the daemon at %s: %v", path, err)
			return nil
		}
		select {
		case <-c.Done():
		case <-ctx.Done():
			t.Errorf("the daemon at %s does not end", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// cmdExits runs a program and checks its exit code: exits 3 spacedrive status.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdJSON checks a value in the JSON document on stdout (or in the last line of
// it): json libraries.0.name Home. Without a value, that it is there; with !,
// that it is not. It can be kept: json -env ID jobs.0.id.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	name := ""
	if len(args) > 2 && args[0] == "-env" {
		name, args = args[1], args[2:]
	}
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		ts.Fatalf("stdout is not JSON: %v", err)
	}
	found := true
	for _, part := range strings.Split(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v, found = x[part]
		case []any:
			i, err := strconv.Atoi(part)
			if found = err == nil && i < len(x); found {
				v = x[i]
			}
		default:
			found = false
		}
		if !found {
			break
		}
	}
	if found == neg && len(args) == 1 {
		ts.Fatalf("%s: there is %v", args[0], found)
	}
	got := fmt.Sprint(v)
	if len(args) > 1 && (!found || (got == args[1]) == neg) {
		ts.Fatalf("%s is %q, want %q (not: %v)", args[0], got, args[1], neg)
	}
	if name != "" {
		ts.Setenv(name, got)
	}
}

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

// cmdAwait repeats a program until its stdout and stderr hold a text.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await TEXT PROGRAM [ARG...]")
	}
	for deadline := time.Now().Add(patience); ; {
		_ = ts.Exec(args[1], args[2:]...)
		if strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%q did not come within %v", args[0], patience)
		}
	}
}

// cmdFiles makes a folder with N files of the given names' beginning.
func cmdFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: files FOLDER N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("sub%03d", i/100))
		if i%100 == 0 {
			ts.Check(os.MkdirAll(sub, 0o755))
		}
		ts.Check(os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%05d.txt", i)), []byte("x"), 0o644))
	}
}
