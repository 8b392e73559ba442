package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// session is a process that serves stdin and stdout.
func session(t *testing.T, stdin io.Reader) (cmd *exec.Cmd, stdout *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd = exec.Command(self, "--stdio", "--data-dir", filepath.Join(dir, "data"), "--config", filepath.Join(dir, "none.toml"))
	cmd.Env = append(os.Environ(), beDaemon+"=1", "GORACE=atexit_sleep_ms=0")
	stdout = new(bytes.Buffer)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, os.Stderr
	return cmd, stdout
}

// ends waits for the process, and fails where it does not end by itself.
func ends(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

func TestStdioOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "requests")
	if err := os.WriteFile(file, bytes.Repeat([]byte(`{"type":"ping"}`+"\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd, stdout := session(t, f)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ends(t, cmd)
	if n := strings.Count(stdout.String(), "pong"); n != 1000 {
		t.Errorf("%d answers", n)
	}
}

// The stdin of these sessions stays open: they end all the same.
func TestStdioEndsWhenAskedTo(t *testing.T) {
	for _, how := range []string{"message", "signal"} {
		t.Run(how, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			cmd, _ := session(t, r)
			cmd.Stdout = nil
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(w, `{"type":"subscribe","id":1}`+"\n")
			if _, err := out.Read(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			if how == "message" {
				_, _ = io.WriteString(w, `{"type":"shutdown","id":2}`+"\n")
			} else {
				_ = cmd.Process.Signal(os.Interrupt)
			}
			late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
			defer late.Stop()
			rest, _ := io.ReadAll(out)
			ends(t, cmd)
			if !strings.Contains(string(rest), `"reason":"shutdown"`) {
				t.Errorf("the subscription is not ended: %s", rest)
			}
		})
	}
}
