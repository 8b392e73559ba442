package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// refusedSession runs a session of one question as who, and returns what it
// printed. It must not have served it from data of its own.
func refusedSession(t *testing.T, program string, who syscall.Credential, question string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	if who.Uid != 0 {
		data = filepath.Join(filepath.Dir(program), "data")
		if err := os.MkdirAll(data, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(data, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"--stdio", "--data-dir", data, "--config", "/none.toml"}, args...)...)
	cmd.Env = append(os.Environ(), beDaemon+"=1", "GORACE=atexit_sleep_ms=0")
	if who.Uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &who}
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(question), &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if made, _ := os.ReadDir(data); len(made) > 0 {
		t.Errorf("the session has opened data of its own: %v", made)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

const list = `{"type":"query","id":1,"method":"libraries.list"}` + "\n"

func TestStdioIsToldThatTheSocketIsNotItsUsers(t *testing.T) {
	dir := folderForOthers(t)
	program, socket := copyOfProgram(t, dir), filepath.Join(dir, "s.sock")
	launch{args: []string{"--data-dir", filepath.Join(dir, "root"), "--socket", socket}}.start(t)
	dial(t, socket)
	stranger := syscall.Credential{Uid: ann, Gid: ann}
	out, errs, code := refusedSession(t, program, stranger, list, "--socket", socket)
	if !strings.Contains(out, `"permission_denied"`) || !strings.Contains(out, socket) || strings.Count(out, "\n") != 1 || errs != "" || code != 0 {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	out, _, _ = refusedSession(t, program, stranger, "\x00", "--socket", socket) // a frame begins
	if !strings.HasPrefix(out, "\x00") || !strings.Contains(out, "permission_denied") {
		t.Errorf("in CBOR: %q", out)
	}
	if out, errs, code = refusedSession(t, program, stranger, "", "--socket", socket); code != 1 || out != "" || !strings.Contains(errs, "permission denied") {
		t.Errorf("where nobody asks: exit %d, %q, %q", code, out, errs)
	}
}

// TestNobodyStandsInForTheMachinesDaemon: neither where its socket is asked for
// by what it is, nor by its path.
func TestNobodyStandsInForTheMachinesDaemon(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test-%d", os.Getpid()) // an instance that no machine has
	socket := config.SystemSocketPath(name)
	for _, args := range [][]string{{"--system"}, {"--system", "--socket", filepath.Join(t.TempDir(), "s.sock")}, {"--socket", socket}} {
		out, errs, code := refusedSession(t, program, syscall.Credential{}, list, append(args, "--instance", name)...)
		for _, part := range []string{`"core_unavailable"`, "the machine's daemon", socket, "sudo spacedrive --system start"} {
			if !strings.Contains(out, part) {
				t.Errorf("%v: no %q in %q", args, part, out)
			}
		}
		if errs != "" || code != 0 {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	p := launch{args: []string{"--system", "--data-dir", t.TempDir()}}.start(t)
	if code, errs := p.wait(); code != 2 || !strings.Contains(errs, "--system goes with --stdio") {
		t.Errorf("without --stdio: exit %d, %q", code, errs)
	}
}

func TestSettingsOfTheClientDoNotMakeADaemonTheMachines(t *testing.T) {
	data := t.TempDir()
	launch{args: []string{"--data-dir", data}, env: []string{"SPACEDRIVE_SYSTEM=true"}}.start(t)
	dial(t, filepath.Join(data, "daemon", "daemon.sock")).ok(`{"type":"query","method":"core.status"}`)
}

func TestStdioServesOverASocketThatWasLeftBehind(t *testing.T) {
	data := t.TempDir()
	p := launch{args: []string{"--data-dir", data}}.start(t)
	dial(t, filepath.Join(data, "daemon", "daemon.sock")).ok(`{"type":"query","method":"core.status"}`)
	p.signal(syscall.SIGKILL)
	p.wait()
	wantAnswers(t, stdioSession(t, data, strings.NewReader(threeCalls)), "stdio")
}

func TestStdioServesWhereNoSocketCanBe(t *testing.T) {
	data := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	wantAnswers(t, stdioSession(t, data, strings.NewReader(threeCalls)), "stdio")
}
