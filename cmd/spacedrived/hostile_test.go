package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// TestBadInputHarmsNobody sends what no client should, each on a connection of
// its own, and asks on another whether the daemon goes on.
func TestBadInputHarmsNobody(t *testing.T) {
	data := t.TempDir()
	p := launch{args: []string{"--data-dir", data}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	good := dial(t, socket)
	frame := func(body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body
	}
	deep := func(n int, open, shut string) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	for _, tt := range []struct {
		name, send string
		code       protocol.Code // of the one answer; none: no answer
		goesOn     bool          // the connection does
	}{
		{"random bytes", "\x8f\x12\xff\x00garbage\n", protocol.InvalidRequest, false},
		{"an HTTP request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", protocol.InvalidRequest, false},
		{"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", protocol.InvalidRequest, false},
		{"a JSON list", "   [1,2]\n", protocol.InvalidRequest, true},
		{"no JSON", "{nope}\n", protocol.InvalidRequest, true},
		{"two objects on a line", `{"type":"ping"} {"type":"ping"}` + "\n", protocol.InvalidRequest, true},
		{"a key twice", `{"type":"ping","type":"ping"}` + "\n", protocol.InvalidRequest, true},
		{"a key twice inside", `{"type":"query","method":"search.files","payload":{"query":"a","query":"b"}}` + "\n", protocol.InvalidRequest, true},
		{"text that is not UTF-8", "{\"type\":\"query\",\"method\":\"search.files\",\"payload\":{\"query\":\"\xff\"}}\n", protocol.InvalidRequest, true},
		{"half a surrogate pair", `{"type":"query","method":"search.files","payload":{"query":"\ud800"}}` + "\n", protocol.InvalidRequest, true},
		{"10,000 levels", `{"type":"query","method":"search.files","payload":` + deep(10_000, "[", "]") + "}\n", protocol.InvalidRequest, true},
		{"33 levels", `{"type":"query","method":"search.files","payload":` + deep(32, "[", "]") + "}\n", protocol.InvalidRequest, true},
		{"a NUL in a path", `{"type":"action","method":"locations.add","payload":{"path":"/a\u0000b"}}` + "\n", protocol.Deserialization, true},
		{"a number for a text", `{"type":"query","method":"search.files","payload":{"query":5}}` + "\n", protocol.Deserialization, true},
		{"a float for a whole number", `{"type":"query","method":"search.files","payload":{"limit":1.0}}` + "\n", protocol.Deserialization, true},
		{"a number beyond all bounds", `{"type":"query","method":"search.files","payload":{"limit":1e400}}` + "\n", protocol.Deserialization, true},
		{"an unknown key", `{"type":"query","method":"search.files","payload":{"qeury":"x"}}` + "\n", protocol.Deserialization, true},
		{"a line of 17 MiB", `{"type":"ping","x":"` + strings.Repeat("x", 17<<20) + "\"}\n", protocol.RequestTooLarge, false},
		{"half a line", `{"type":"pi`, protocol.InvalidRequest, false},
		{"a frame that claims 1 GiB", frame("\xa0") + "\x40\x00\x00\x00", protocol.InvalidRequest, false},
		{"an empty frame", frame(""), protocol.InvalidRequest, true},
		{"a frame of garbage", frame("\xff\xfe\xfd"), protocol.InvalidRequest, true},
		{"a map of indefinite length", frame("\xbf\x64type\x64ping\xff"), protocol.InvalidRequest, true},
		{"a tag", frame("\xa1\x64type\xc1\x64ping"), protocol.InvalidRequest, true},
		{"a text that claims 2^60 bytes", frame("\xa1\x64type\x7b\x10\x00\x00\x00\x00\x00\x00\x00x"), protocol.InvalidRequest, true},
		{"a list that claims 2^32 elements", frame("\xa1\x64type\x9b\x00\x00\x00\x01\x00\x00\x00\x00"), protocol.InvalidRequest, true},
		{"10,000 levels of CBOR", frame("\xa1\x64type" + strings.Repeat("\x81", 10_000) + "\x00"), protocol.InvalidRequest, true},
		{"half a frame", frame("\xa1\x64type\x64ping")[:9], protocol.InvalidRequest, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, socket)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_, _ = io.Copy(c, strings.NewReader(tt.send)) // may be cut off
				if tt.goesOn {
					return
				}
				_ = c.CloseWrite()
			}()
			enc := protocol.JSON
			if tt.send[0] == 0 {
				enc = protocol.CBOR
			}
			frames := protocol.NewFrameReader(c.lines, enc, nil)
			if tt.code != "" {
				wantCode(t, frames, enc, tt.code)
			}
			<-sent
			if tt.goesOn {
				ping := protocol.Request{Type: protocol.TypePing, ID: 5}
				msg, err := ping.Append(nil, enc)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Write(msg); err != nil {
					t.Fatal(err)
				}
				if answer, err := frames.Next(); err != nil || !bytes.Contains(answer, []byte("pong")) {
					t.Errorf("then: %q, %v", answer, err)
				}
			}
			want(t, good.ask(`{"type":"ping","id":8}`), "type", "pong")
		})
	}
	want(t, good.ok(`{"type":"query","method":"core.status"}`), "pid", fmt.Sprint(p.cmd.Process.Pid))
}

func wantCode(t *testing.T, frames *protocol.FrameReader, enc protocol.Encoding, code protocol.Code) {
	t.Helper()
	answer, err := frames.Next()
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	reply, err := protocol.ParseReply(enc, answer)
	if err != nil || reply.Error == nil || reply.Error.Code != code {
		t.Fatalf("answered %q (%v), want %s", answer, err, code)
	}
}

func TestADataFolderThatCannotBeWritten(t *testing.T) {
	const nobody = 65534
	dir := folderForOthers(t)
	socket := filepath.Join(dir, "s.sock")
	f := socketFile(t, socket)
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	launch{
		args:    []string{"--data-dir", filepath.Join(dir, "data"), "--config", "/nonexistent"},
		sockets: []*os.File{f}, uid: nobody, noConfig: true, program: copyOfProgram(t, dir),
	}.start(t)
	c := dial(t, socket) // as root, who is let in
	m := c.ask(`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`)
	want(t, m, "error.code", "core_unavailable")
	if text := get(m, "error.message"); !strings.Contains(text, "permission denied") || !strings.Contains(text, dir) {
		t.Errorf("the message says neither what nor where: %q", text)
	}
	want(t, c.ok(`{"type":"query","method":"core.status"}`), "instance.state", "failed")
}

// folderForOthers makes a folder that other users may enter, which takes root
// to test: they may not enter the parents of t.TempDir.
func folderForOthers(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: running the daemon as another user takes root")
	}
	dir, err := os.MkdirTemp("", "spacedrived")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyOfProgram puts the test binary where another user may run it.
func copyOfProgram(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "spacedrived")
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// beStranger makes the test binary a client of the socket that it names, which
// sends what it is given on stdin, and prints what it is answered.
const beStranger = "TEST_BE_STRANGER"

func actStranger(socket string) {
	nc, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	_, _ = io.Copy(nc, os.Stdin)
	_ = nc.(*net.UnixConn).CloseWrite()
	_, _ = io.Copy(os.Stdout, nc)
}

// callAs sends lines to the socket, a ping where there are none, from a
// process of another user, and returns the answers.
func callAs(t *testing.T, program, socket string, who syscall.Credential, lines ...string) string {
	t.Helper()
	if len(lines) == 0 {
		lines = []string{`{"type":"ping"}`}
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), beStranger+"="+socket, "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &who}
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestAnotherUserIsRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: connecting as another user takes root")
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "spacedrived")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s.sock")
	f := socketFile(t, socket)
	for path, mode := range map[string]os.FileMode{dir: 0o755, socket: 0o666} { // a unit that is too generous
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	launch{args: []string{"--data-dir", filepath.Join(dir, "data")}, sockets: []*os.File{f}}.start(t)
	want(t, dial(t, socket).ask(`{"type":"ping"}`), "type", "pong")
	out := callAs(t, copyOfProgram(t, dir), socket, syscall.Credential{Uid: nobody, Gid: nobody})
	if !strings.Contains(out, `"permission_denied"`) || !strings.Contains(out, "65534") {
		t.Errorf("the stranger gets %q", out)
	}
}

// TestATraceIDFollowsTheCall looks for one trace id on all sides: the call's
// log line, the job that it started, that job's events and log lines.
func TestATraceIDFollowsTheCall(t *testing.T) {
	data := t.TempDir()
	p := launch{args: []string{"--data-dir", data, "--log-format", "json", "--log-level", "debug"}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	sub, c := dial(t, socket), dial(t, socket)
	want(t, sub.ask(`{"type":"subscribe","id":1,"event_types":["JobUpdate","LogMessage","LocationAdded"]}`), "type", "subscribed")
	c.ok(`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`)
	added := c.ok(`{"type":"action","id":7,"method":"locations.add","trace_id":"find-me","payload":{"path":"%s"}}`, makeTree(t, 10))
	info := c.awaitJob(get(added, "job_id"))
	want(t, info, "trace_id", "find-me")

	seen := make(map[string]bool)
	for !seen["completed"] || !seen["locations.add"] || !seen["LocationAdded"] || !seen["a job is completed"] {
		ev := sub.recv()["event"].(object)
		if get(ev, "trace_id") != "find-me" {
			continue
		}
		seen[get(ev, "type")] = true
		seen[get(ev, "data.status")] = true
		seen[get(ev, "data.fields.method")] = true
		seen[get(ev, "data.message")] = true
	}
	c.ok(`{"type":"shutdown"}`)
	p.wait()
	log, err := os.ReadFile(filepath.Join(data, "logs", "daemon.log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, `"trace_id":"find-me"`) {
			lines++
		}
	}
	if lines < 3 {
		t.Errorf("%d lines of the log have the trace id, want the call's and the job's:\n%s", lines, log)
	}
}

func TestLogTail(t *testing.T) {
	data := t.TempDir()
	launch{args: []string{"--data-dir", data, "--log-format", "json"}}.start(t)
	c := dial(t, filepath.Join(data, "daemon", "daemon.sock"))
	c.ok(`{"type":"query","method":"libraries.list"}`) // the instance is open
	want(t, c.ask(`{"type":"subscribe","id":1,"event_types":["LogMessage"],"tail":1000}`), "type", "subscribed")
	if err := c.CloseWrite(); err != nil { // as nc -N does
		t.Fatal(err)
	}
	// The first lines were logged before there was an instance to tell of them.
	want(t, c.recv(), "type", "event", "event.log_seq", "1", "event.data.message", "starting", "event.data.target", "daemon")
	m := c.recv()
	for ; get(m, "event.data.message") != "instance open"; m = c.recv() {
		want(t, m, "type", "event")
	}
	want(t, c.recv(), "type", "end", "reason", "half-close")
}

// TestKilledWhileIndexing kills the daemon again and again while it indexes,
// and compares the index with that of a daemon that was let be.
func TestKilledWhileIndexing(t *testing.T) {
	const files, folders = 10_000, 100
	tree := makeTree(t, files)
	all := `{"type":"query","method":"search.files","payload":{"sort":"name","limit":10000,"filters":{"include_hidden":true}%s}}`
	names := func(c *client) (paths []string) {
		cursor := ""
		for {
			page := c.ok(all, cursor)
			for _, hit := range page["hits"].([]any) {
				paths = append(paths, get(hit, "path"))
			}
			next := get(page, "next_cursor")
			if next == "" {
				return paths
			}
			cursor = fmt.Sprintf(`,"cursor":"%s"`, next)
		}
	}
	index := func(kills int) []string {
		data := t.TempDir()
		socket := filepath.Join(data, "daemon", "daemon.sock")
		p := launch{args: []string{"--data-dir", data}}.start(t)
		c := dial(t, socket)
		c.ok(`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`)
		added := c.ok(`{"type":"action","method":"locations.add","payload":{"path":"%s"}}`, tree)
	killing:
		for i := range kills {
			for { // until it is in the middle
				job := c.ok(`{"type":"query","method":"jobs.info","payload":{"job_id":"%s"}}`, get(added, "job_id"))
				if done, _ := strconv.Atoi(get(job, "progress.done")); done > (i+1)*files/(kills+2) {
					break
				}
				if status := get(job, "status"); status != "running" && status != "queued" {
					if i == 0 {
						t.Fatalf("the job is %s before any kill", status)
					}
					break killing // it was faster than this client
				}
			}
			_ = p.cmd.Process.Kill()
			p.wait()
			p = launch{args: []string{"--data-dir", data}}.start(t)
			c = dial(t, socket)
		}
		info := c.awaitJob(get(added, "job_id"))
		want(t, info, "status", "completed", "output.files", fmt.Sprint(files), "output.folders", fmt.Sprint(folders))
		return names(c)
	}
	calm, killed := index(0), index(3)
	if len(calm) != files+folders {
		t.Fatalf("%d entries, want %d", len(calm), files+folders)
	}
	for i := range min(len(calm), len(killed)) {
		if calm[i] != killed[i] {
			t.Fatalf("entry %d is %q, and %q after kills", i, calm[i], killed[i])
		}
	}
	if len(calm) != len(killed) {
		t.Errorf("%d entries, and %d after kills", len(calm), len(killed))
	}
}

// makeTree makes a folder of n small files, a hundred in each of its folders.
func makeTree(t *testing.T, n int) string {
	t.Helper()
	root := t.TempDir()
	for i := range n {
		dir := filepath.Join(root, fmt.Sprintf("d%03d", i/100))
		if i%100 == 0 {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file %05d.txt", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// awaitJob waits for a job's end and returns what jobs.info tells of it.
func (c *client) awaitJob(id string) object {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		info := c.ok(`{"type":"query","method":"jobs.info","payload":{"job_id":"%s"}}`, id)
		switch info["status"] {
		case "completed", "failed", "cancelled":
			return info
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("the job does not end: %v", info)
		}
		<-tick.C
	}
}
