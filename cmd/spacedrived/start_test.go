package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOwnSocket(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	launch{args: []string{"--data-dir", data}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	c := dial(t, socket)
	want(t, c.ok(`{"type":"query","method":"core.status"}`), "activation", "own", "listeners.0.path", socket, "instance.name", "default")
	for path, mode := range map[string]os.FileMode{
		socket:               0o600 | os.ModeSocket,
		filepath.Dir(socket): 0o700 | os.ModeDir,
	} {
		if st, err := os.Stat(path); err != nil || st.Mode() != mode {
			t.Errorf("%s has mode %v, want %v (%v)", path, st.Mode(), mode, err)
		}
	}
}

func TestOfTwoDaemonsOneWins(t *testing.T) {
	for range 5 {
		data := filepath.Join(t.TempDir(), "data")
		a := launch{args: []string{"--data-dir", data}}.start(t)
		b := launch{args: []string{"--data-dir", data}}.start(t)
		winner, loser := a, b
		select {
		case <-a.ended:
			winner, loser = b, a
		case <-b.ended:
		}
		code, stderr := loser.wait()
		if holder := fmt.Sprintf("pid %d holds it", winner.cmd.Process.Pid); code != 1 || !strings.Contains(stderr, holder) {
			t.Errorf("the loser ended with %d and %q, which does not say %q", code, stderr, holder)
		}
		c := dial(t, filepath.Join(data, "daemon", "daemon.sock"))
		want(t, c.ok(`{"type":"query","method":"core.status"}`), "pid", fmt.Sprint(winner.cmd.Process.Pid))
		winner.signal(syscall.SIGKILL)
		winner.wait()
	}
}

func TestAKilledDaemonsSocketIsTakenOver(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := launch{args: []string{"--data-dir", data}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	dial(t, socket).ok(`{"type":"query","method":"libraries.list"}`)
	first.signal(syscall.SIGKILL)
	first.wait()
	if _, err := net.Dial("unix", socket); err == nil {
		t.Fatal("a dead daemon's socket accepts connections")
	}
	second := launch{args: []string{"--data-dir", data}}.start(t)
	c := dial(t, socket)
	want(t, c.ok(`{"type":"query","method":"core.status"}`), "pid", fmt.Sprint(second.cmd.Process.Pid))
	second.signal(syscall.SIGTERM)
	if code, stderr := second.wait(); code != 0 {
		t.Errorf("SIGTERM: exit %d, %s", code, stderr)
	}
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestAServedSocketIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s.sock")
	held := socketFile(t, socket)
	p := launch{args: []string{"--data-dir", dir, "--socket", socket}}.start(t)
	code, stderr := p.wait()
	if code != 1 || !strings.Contains(stderr, "somebody listens") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	if _, err := os.Lstat(held.Name()); err == nil {
		return
	}
	if _, err := os.Lstat(socket); err != nil {
		t.Errorf("another's socket was removed: %v", err)
	}
}

func TestStartFailures(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("socket_ = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a path too long for the kernel", []string{"--data-dir", dir, "--socket", "/" + strings.Repeat("x", 120)}, 1, "--socket "},
		{"a file where the socket should be", []string{"--data-dir", dir, "--socket", file}, 1, "is no socket"},
		{"a bad configuration", []string{"--data-dir", dir, "--config", file}, 1, file + ":1:"},
		{"a bad instance name", []string{"--instance", "No!"}, 2, "no name for an instance"},
		{"an unknown flag", []string{"--frob"}, 2, "--frob"},
		{"one socket for two instances", []string{"--instance", "a", "--instance", "b", "--socket", "/x"}, 2, "2 are named"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stderr := launch{args: tt.args, noConfig: true}.start(t).wait()
			if code != tt.code || !strings.Contains(stderr, tt.says) {
				t.Errorf("exit %d, want %d; %q, want %q in it", code, tt.code, stderr, tt.says)
			}
		})
	}
}

func TestTwoInstancesOneBroken(t *testing.T) {
	data := t.TempDir()
	broken := filepath.Join(data, "instances", "b")
	if err := os.MkdirAll(filepath.Dir(broken), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	launch{args: []string{"--data-dir", data, "--instance", "a", "--instance", "b"}}.start(t)
	a := dial(t, filepath.Join(data, "daemon", "daemon-a.sock"))
	b := dial(t, filepath.Join(data, "daemon", "daemon-b.sock"))
	want(t, b.ask(`{"type":"query","method":"libraries.list"}`), "error.code", "core_unavailable", "error.details.instance", "b")
	want(t, b.ok(`{"type":"query","method":"core.status"}`), "instance.state", "failed")
	want(t, b.ask(`{"type":"ping"}`), "type", "pong")
	want(t, b.ok(`{"type":"hello"}`), "instance.name", "b")
	a.ok(`{"type":"action","method":"libraries.create","payload":{"name":"works"}}`)
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	for { // once the reason is gone the instance opens
		m := b.ask(`{"type":"query","method":"libraries.list"}`)
		if m["type"] == "ok" {
			want(t, m, "payload.libraries.0", "")
			break
		}
		want(t, m, "error.code", "core_unavailable")
	}
}

func TestAnotherDaemonHoldsTheData(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	first := launch{args: []string{"--data-dir", data, "--socket", filepath.Join(dir, "1.sock")}}.start(t)
	dial(t, filepath.Join(dir, "1.sock")).ok(`{"type":"query","method":"libraries.list"}`)
	launch{args: []string{"--data-dir", data, "--socket", filepath.Join(dir, "2.sock")}}.start(t)
	m := dial(t, filepath.Join(dir, "2.sock")).ask(`{"type":"query","method":"libraries.list"}`)
	want(t, m, "error.code", "core_unavailable")
	if text := get(m, "error.message"); !strings.Contains(text, fmt.Sprint(first.cmd.Process.Pid)) {
		t.Errorf("%q does not name the holder, pid %d", text, first.cmd.Process.Pid)
	}
}
