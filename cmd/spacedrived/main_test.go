package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests run the daemon as a process of its own: this test binary again,
// which is then main and nothing else.
const beDaemon = "TEST_BE_SPACEDRIVED"

func TestMain(m *testing.M) {
	if os.Getenv(beDaemon) != "" {
		os.Unsetenv(beDaemon)
		main()
		return
	}
	if path := os.Getenv(beStranger); path != "" {
		actStranger(path)
		return
	}
	dir, err := os.MkdirTemp("", "spacedrived-test")
	if err != nil {
		panic(err)
	}
	built = dir
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// built is a folder for what several tests build.
var built string

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

// A process is a daemon that runs, or has run.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	ended  chan struct{}
}

// A launch says how a daemon is started.
type launch struct {
	args     []string
	env      []string
	sockets  []*os.File // handed over as systemd does
	names    string     // their LISTEN_FDNAMES
	program  string     // "": this test binary
	uid      int        // 0: the tests' own user
	noConfig bool       // the tests name no configuration file
}

func (l launch) start(t *testing.T) *process {
	t.Helper()
	program := l.program
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			t.Fatal(err)
		}
	}
	// The shell's pid becomes the daemon's, so that LISTEN_PID can be right.
	script := `exec "$0" "$@"`
	if len(l.sockets) > 0 {
		script = `LISTEN_PID=$$ exec "$0" "$@"`
	}
	args := l.args
	if !l.noConfig {
		args = append([]string{"--config", filepath.Join(t.TempDir(), "none.toml")}, args...)
	}
	p := &process{t: t, stderr: new(bytes.Buffer), ended: make(chan struct{})}
	p.cmd = exec.Command("sh", append([]string{"-c", script, program}, args...)...)
	// The race detector would have each process sleep a second at its end.
	p.cmd.Env = append(os.Environ(), append(l.env, beDaemon+"=1", "GORACE=atexit_sleep_ms=0")...)
	if len(l.sockets) > 0 {
		p.cmd.ExtraFiles = l.sockets
		p.cmd.Env = append(p.cmd.Env, fmt.Sprintf("LISTEN_FDS=%d", len(l.sockets)))
		if l.names != "" {
			p.cmd.Env = append(p.cmd.Env, "LISTEN_FDNAMES="+l.names)
		}
	}
	if l.uid != 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(l.uid), Gid: uint32(l.uid)}}
	}
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("stderr of %v:\n%s", args, p.stderr)
		}
	})
	return p
}

// wait waits for the daemon's end and returns its exit code and stderr.
func (p *process) wait() (code int, stderr string) {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), p.stderr.String()
	case <-time.After(patience):
		p.t.Fatal("the daemon does not end")
		return 0, ""
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// client is a connection that sees JSON lines.
type client struct {
	t *testing.T
	*net.UnixConn
	lines *bufio.Reader
}

// dial connects to the socket, waiting for it to be there.
func dial(t *testing.T, path string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		nc, err := net.Dial("unix", path)
		if err == nil {
			_ = nc.SetDeadline(time.Now().Add(patience))
			t.Cleanup(func() { nc.Close() })
			return &client{t, nc.(*net.UnixConn), bufio.NewReaderSize(nc, 1<<20)}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("no daemon answers: %v", err)
		}
	}
}

type object = map[string]any

// ask sends a message and returns the next one.
func (c *client) ask(format string, args ...any) object {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, format+"\n", args...); err != nil {
		c.t.Fatal(err)
	}
	return c.recv()
}

func (c *client) recv() object {
	c.t.Helper()
	line, err := c.lines.ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("no answer: %v (%q)", err, line)
	}
	var m object
	if err := json.Unmarshal(line, &m); err != nil {
		c.t.Fatalf("%v: %s", err, line)
	}
	return m
}

// ok asks and returns the answer's payload.
func (c *client) ok(format string, args ...any) object {
	c.t.Helper()
	m := c.ask(format, args...)
	if m["type"] != "ok" {
		c.t.Fatalf(format+": %v", append(args, m)...)
	}
	payload, _ := m["payload"].(object)
	return payload
}

// get returns what stands at a dotted path, as text.
func get(v any, path string) string {
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case object:
			v = at[key]
		case []any:
			i := 0
			_, _ = fmt.Sscan(key, &i)
			if i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprint(v)
}

func want(t *testing.T, m object, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := get(m, pairs[i]); got != pairs[i+1] {
			t.Fatalf("%s is %q, want %q, in %v", pairs[i], got, pairs[i+1], m)
		}
	}
}

// socketFile makes a listening socket as systemd does, for a daemon to
// inherit.
func socketFile(t *testing.T, path string) *os.File {
	t.Helper()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	f, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	t.Cleanup(func() { f.Close() })
	return f
}
