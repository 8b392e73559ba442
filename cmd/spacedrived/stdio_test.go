package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// stdioSession runs spacedrived --stdio over the data folder with the given
// input, as `printf … | spacedrived --stdio` would.
func stdioSession(t *testing.T, data string, stdin io.Reader) (lines []string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--stdio", "--data-dir", data, "--config", filepath.Join(t.TempDir(), "none"))
	cmd.Env = append(os.Environ(), beDaemon+"=1", "GORACE=atexit_sleep_ms=0")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%v, stderr %q", err, &stderr)
	}
	return strings.Split(strings.TrimSpace(stdout.String()), "\n")
}

const threeCalls = `{"type":"ping","id":1}
{"type":"query","id":2,"method":"libraries.list"}
{"type":"query","id":3,"method":"core.status"}`

func wantAnswers(t *testing.T, lines []string, activation string) {
	t.Helper()
	all := strings.Join(lines, "\n")
	for _, part := range []string{`"pong","id":1`, `"id":2`, `"id":3`, `"activation":"` + activation + `"`} {
		if !strings.Contains(all, part) {
			t.Errorf("no %s in the answers:\n%s", part, all)
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d answers to three calls", len(lines))
	}
}

func TestStdioServesWhereNoDaemonRuns(t *testing.T) {
	data := t.TempDir()
	wantAnswers(t, stdioSession(t, data, strings.NewReader(threeCalls)), "stdio")
	if _, err := os.Stat(filepath.Join(data, "daemon")); !os.IsNotExist(err) {
		t.Errorf("a session on stdio made a socket's folder: %v", err)
	}
	t.Run("from a regular file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "calls")
		if err := os.WriteFile(path, []byte(threeCalls), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		wantAnswers(t, stdioSession(t, data, f), "stdio")
	})
}

func TestStdioPassesOnToARunningDaemon(t *testing.T) {
	data := t.TempDir()
	launch{args: []string{"--data-dir", data}}.start(t)
	dial(t, filepath.Join(data, "daemon", "daemon.sock")).ok(`{"type":"query","method":"core.status"}`)
	wantAnswers(t, stdioSession(t, data, strings.NewReader(threeCalls)), "own")
}
