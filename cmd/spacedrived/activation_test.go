package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// notifySocket receives what the daemon tells the service manager.
func notifySocket(t *testing.T) (env string, next func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	nc, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return "NOTIFY_SOCKET=" + path, func() string {
		t.Helper()
		buf := make([]byte, 4096)
		_ = nc.SetReadDeadline(time.Now().Add(patience))
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatalf("the daemon tells nothing: %v", err)
		}
		return string(buf[:n])
	}
}

func TestInheritedSocket(t *testing.T) {
	for _, tt := range []struct{ names, instance string }{
		{"", "default"}, {"unknown", "default"}, {"connection", "default"}, {"spacedrive.socket", "default"},
		{"dev", "dev"}, {"spacedrive@dev.socket", "dev"},
	} {
		t.Run("named "+tt.names, func(t *testing.T) {
			dir := t.TempDir()
			socket := filepath.Join(dir, "s.sock")
			f := socketFile(t, socket)
			early := dial(t, socket) // before there is any daemon
			if _, err := fmt.Fprintln(early, `{"type":"query","method":"core.status"}`); err != nil {
				t.Fatal(err)
			}
			notify, next := notifySocket(t)
			p := launch{
				args: []string{"--data-dir", filepath.Join(dir, "data")}, env: []string{notify},
				sockets: []*os.File{f}, names: tt.names,
			}.start(t)
			want(t, early.recv(), "payload.activation", "systemd", "payload.instance.name", tt.instance)
			if got := next(); got != "READY=1" {
				t.Errorf("the first word is %q", got)
			}
			p.signal(syscall.SIGTERM)
			for got := next(); got != "STOPPING=1"; got = next() {
				if !strings.HasPrefix(got, "STATUS=") {
					t.Errorf("told %q", got)
				}
			}
			if code, _ := p.wait(); code != 0 {
				t.Errorf("exit %d", code)
			}
			if _, err := os.Lstat(socket); err != nil {
				t.Errorf("the inherited socket is gone: %v", err)
			}
		})
	}
}

func TestInheritedSocketOfNoInstance(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.sock"), filepath.Join(dir, "bad.sock")
	launch{
		args:    []string{"--data-dir", filepath.Join(dir, "data")},
		sockets: []*os.File{socketFile(t, good), socketFile(t, bad)}, names: "dev:Not an instance",
	}.start(t)
	m := dial(t, bad).ask(`{"type":"ping"}`)
	want(t, m, "error.code", "core_unavailable")
	if text := get(m, "error.message"); !strings.Contains(text, "Not an instance") {
		t.Errorf("message %q", text)
	}
	want(t, dial(t, good).ask(`{"type":"ping"}`), "type", "pong")
}

func TestBadConfigurationIsToldOverTheProtocol(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "config.toml"), filepath.Join(dir, "s.sock")
	if err := os.WriteFile(file, []byte("# mine\nidle_timeout = \"soon\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch{
		args: []string{"--data-dir", filepath.Join(dir, "data"), "--config", file}, noConfig: true,
		sockets: []*os.File{socketFile(t, socket)},
	}.start(t)
	c := dial(t, socket)
	m := c.ask(`{"type":"query","method":"libraries.list"}`)
	want(t, m, "error.code", "core_unavailable")
	if text := get(m, "error.message"); !strings.Contains(text, file+":2:") || !strings.Contains(text, "idle_timeout") {
		t.Errorf("the message %q names no line or key", text)
	}
	want(t, c.ok(`{"type":"query","method":"core.status"}`), "instance.state", "failed")
	if err := os.WriteFile(file, []byte("[limits]\nconnections = 77\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	for m = c.ask(`{"type":"query","method":"libraries.list"}`); m["type"] != "ok"; m = c.ask(`{"type":"query","method":"libraries.list"}`) {
		want(t, m, "error.code", "core_unavailable")
	}
	want(t, c.ok(`{"type":"hello"}`), "limits.connections", "77")
}

func TestReload(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "config.toml"), filepath.Join(dir, "s.sock")
	notify, next := notifySocket(t)
	p := launch{args: []string{"--data-dir", dir, "--socket", socket, "--config", file}, noConfig: true, env: []string{notify}}.start(t)
	c := dial(t, socket)
	want(t, c.ok(`{"type":"hello"}`), "limits.calls", "128")
	for got := next(); got != "READY=1"; got = next() {
	}
	if err := os.WriteFile(file, []byte("[limits]\ncalls = 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	got := next()
	for ; strings.HasPrefix(got, "STATUS="); got = next() {
	}
	if !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("told %q first", got)
	}
	for ; got != "READY=1"; got = next() {
	}
	want(t, c.ok(`{"type":"hello"}`), "limits.calls", "5")
}

func TestReloadTakesUpAnotherIdleTime(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "config.toml"), filepath.Join(dir, "s.sock")
	notify, next := notifySocket(t)
	p := launch{
		args: []string{"--data-dir", dir, "--config", file}, noConfig: true, env: []string{notify},
		sockets: []*os.File{socketFile(t, socket)},
	}.start(t)
	for next() != "READY=1" {
	}
	if err := os.WriteFile(file, []byte("idle_timeout = \"50ms\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP) // with the default it would look again in a minute
	if code, _ := p.wait(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

func TestWatchdogIsFed(t *testing.T) {
	notify, next := notifySocket(t)
	data := t.TempDir()
	launch{args: []string{"--data-dir", data}, env: []string{notify, "WATCHDOG_USEC=20000"}}.start(t)
	dial(t, filepath.Join(data, "daemon", "daemon.sock")).ok(`{"type":"query","method":"libraries.list"}`)
	for fed := 0; fed < 5; {
		if next() == "WATCHDOG=1" {
			fed++
		}
	}
}

// TestIdleExitLosesNoConnection runs daemon after daemon on one socket, as
// systemd does, while connections come at all moments of their lives.
func TestIdleExitLosesNoConnection(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s.sock")
	f := socketFile(t, socket)
	starts := 0
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // the service manager
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			starts++
			p := launch{
				args:    []string{"--data-dir", filepath.Join(dir, "data"), "--idle-timeout", "5ms"},
				sockets: []*os.File{f},
			}.start(t)
			<-p.ended
			if code := p.cmd.ProcessState.ExitCode(); code != 0 {
				t.Errorf("exit %d: %s", code, p.stderr)
				return
			}
		}
	}()
	const connections = 60
	for i := range connections {
		c := dial(t, socket)
		want(t, c.ask(`{"type":"query","method":"core.status","id":%d}`, i+1), "type", "ok", "id", fmt.Sprint(i+1))
		c.Close()
		time.Sleep(time.Duration(i%12) * time.Millisecond) // around the daemon's end
	}
	close(stop)
	dial(t, socket).Close() // wakes nobody: the last daemon idles out
	<-stopped
	if starts < 5 {
		t.Errorf("%d starts: the connections did not meet any daemon's end", starts)
	}
}

func TestIdleExitWaitsForWhoIsConnected(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s.sock")
	p := launch{
		args:    []string{"--data-dir", filepath.Join(dir, "data"), "--idle-timeout", "20ms"},
		sockets: []*os.File{socketFile(t, socket)},
	}.start(t)
	c := dial(t, socket)
	c.ask(`{"type":"subscribe","id":1,"heartbeat_ms":50}`)
	for range 6 { // many idle times long
		want(t, c.recv(), "type", "heartbeat")
	}
	c.Close()
	if code, _ := p.wait(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// TestIdleExitComesAfterReady: to systemd an end before is a failed start,
// which it tries again.
func TestIdleExitComesAfterReady(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		notify, next := notifySocket(t)
		p := launch{
			args: []string{"--data-dir", filepath.Join(dir, "data"), "--idle-timeout", "1ns"}, env: []string{notify},
			sockets: []*os.File{socketFile(t, filepath.Join(dir, "s.sock"))},
		}.start(t)
		if got := next(); got != "READY=1" {
			t.Errorf("the first word is %q", got)
		}
		if code, stderr := p.wait(); code != 0 {
			t.Errorf("exit %d: %s", code, stderr)
		}
	}
}

// TestOneOfTwoInheritedSocketsIsBad: whoever connects to the good one is
// served. Were the daemon to end, it would be started again and again.
func TestOneOfTwoInheritedSocketsIsBad(t *testing.T) {
	aFile := func(t *testing.T) *os.File {
		file, err := os.Create(filepath.Join(t.TempDir(), "file"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		return file
	}
	aConnection := func(t *testing.T) *os.File { // as Accept=yes hands over
		ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		file, other := os.NewFile(uintptr(ends[0]), "served"), os.NewFile(uintptr(ends[1]), "client")
		t.Cleanup(func() { file.Close(); other.Close() })
		return file
	}
	for name, tt := range map[string]struct {
		bad  func(*testing.T) *os.File
		last bool
		says string
	}{
		"a file first":       {aFile, false, "no listening sockets"},
		"a file last":        {aFile, true, "no listening sockets"},
		"a connection first": {aConnection, false, "a connection, not a listening socket"},
		"a connection last":  {aConnection, true, "a connection, not a listening socket"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			good := filepath.Join(dir, "good.sock")
			sockets := []*os.File{tt.bad(t), socketFile(t, good)}
			if tt.last {
				slices.Reverse(sockets)
			}
			p := launch{args: []string{"--data-dir", dir, "--log-format", "console"}, sockets: sockets}.start(t)
			want(t, dial(t, good).ask(`{"type":"ping"}`), "type", "pong")
			p.signal(syscall.SIGTERM)
			if code, stderr := p.wait(); code != 0 || !strings.Contains(stderr, tt.says) {
				t.Errorf("exit %d, %s", code, stderr)
			}
		})
	}
}

// TestWhatKeepsAnActivatedDaemonFromStarting is told over the protocol: a
// daemon that ends before it accepts is started for the same connection again.
func TestWhatKeepsAnActivatedDaemonFromStarting(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		env  []string
		uid  int
		says string
	}{
		{"an unknown flag", []string{"--frob"}, nil, 0, "--frob"},
		{"a bad variable", nil, []string{"SPACEDRIVE_LOG_LEVEL=loud"}, 0, "loud"},
		{"a user without a home folder", nil, []string{"HOME=", "XDG_DATA_HOME="}, 54321, "HOME"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, program := t.TempDir(), ""
			if tt.uid != 0 {
				dir = folderForOthers(t)
				program = copyOfProgram(t, dir)
			}
			socket := filepath.Join(dir, "s.sock")
			p := launch{
				program: program,
				args:    tt.args, env: append([]string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir}, tt.env...),
				uid: tt.uid, sockets: []*os.File{socketFile(t, socket)}, noConfig: true,
			}.start(t)
			c := dial(t, socket)
			m := c.ask(`{"type":"query","method":"libraries.list"}`)
			want(t, m, "error.code", "core_unavailable")
			if text := get(m, "error.message"); !strings.Contains(text, tt.says) {
				t.Errorf("the message does not say why: %q", text)
			}
			want(t, c.ok(`{"type":"query","method":"core.status"}`), "instance.state", "failed")
			c.ok(`{"type":"shutdown"}`)
			if code, _ := p.wait(); code != 0 {
				t.Errorf("exit %d", code)
			}
		})
	}
	t.Run("no journal to log to", func(t *testing.T) {
		if _, err := os.Stat("/run/systemd/journal/socket"); err == nil {
			t.Skip("NOT TESTED: a daemon without a journal, because this system has one")
		}
		dir := t.TempDir()
		socket := filepath.Join(dir, "s.sock")
		launch{args: []string{"--data-dir", dir, "--log-format", "journald"}, sockets: []*os.File{socketFile(t, socket)}}.start(t)
		dial(t, socket).ok(`{"type":"query","method":"libraries.list"}`)
	})
}
