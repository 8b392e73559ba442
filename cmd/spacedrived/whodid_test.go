package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// logLines returns the lines of the log in a data folder.
func logLines(t *testing.T, data string) (lines []object) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(data, "logs", "daemon.log"))
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(log)) {
		var line object
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}

// those returns the lines whose field has the value.
func those(lines []object, field, value string) (found []object) {
	for _, line := range lines {
		if get(line, field) == value {
			found = append(found, line)
		}
	}
	return found
}

func TestTheLogTellsWhoDidWhat(t *testing.T) {
	dir := folderForOthers(t)
	program, socket, data := copyOfProgram(t, dir), filepath.Join(dir, "s.sock"), filepath.Join(dir, "data")
	p := launch{
		args:    []string{"--data-dir", data, "--socket", socket, "--admit-group", fmt.Sprint(friends), "--log-format", "json"},
		program: program,
	}.start(t)
	c := dial(t, socket)
	library := get(c.ok(`{"type":"action","method":"libraries.create","trace_id":"made","payload":{"name":"x"}}`), "id")
	if err := os.Chmod(socket, 0o666); err != nil { // so that the daemon refuses, not the kernel
		t.Fatal(err)
	}
	tree := makeTree(t, 1)
	callAs(t, program, socket, syscall.Credential{Uid: ann, Gid: friends},
		`{"type":"query","method":"libraries.list","trace_id":"asked"}`,
		`{"type":"action","id":5,"method":"locations.add","trace_id":"added","payload":{"path":"`+tree+`"}}`)
	callAs(t, program, socket, syscall.Credential{Uid: bob, Gid: bob, Groups: []uint32{friends}},
		`{"type":"action","method":"locations.add","trace_id":"failed","payload":{"path":"/nonexistent"}}`,
		`{"type":"action","method":"libraries.rename","trace_id":"misspelt","payload":{"name":"y"}}`,
		`{"type":"query","method":"jobs.info","trace_id":"asked-amiss","payload":{}}`,
		`{"type":"shutdown"}`)
	p.wait()
	lines := logLines(t, data)
	root, annUID, bobUID := fmt.Sprint(os.Getuid()), fmt.Sprint(ann), fmt.Sprint(bob)
	for trace, pairs := range map[string][]string{
		"made":     {"method", "libraries.create", "peer_uid", root, "peer_pid", fmt.Sprint(os.Getpid()), "code", "ok", "level", "info", "instance", "default"},
		"added":    {"method", "locations.add", "peer_uid", annUID, "peer_program", "spacedrived", "code", "ok", "library_id", library, "request_id", "5"},
		"failed":   {"method", "locations.add", "peer_uid", bobUID, "peer_program", "spacedrived", "code", "not_found", "library_id", library, "level", "info"},
		"misspelt": {"method", "libraries.rename", "peer_uid", bobUID, "code", "deserialization", "level", "info"},
	} {
		found := those(those(lines, "trace_id", trace), "target", "server")
		if len(found) != 1 {
			t.Errorf("%d lines of %s: %v", len(found), trace, found)
			continue
		}
		want(t, found[0], pairs...)
		if found[0]["took_ms"] == nil || found[0]["peer_pid"] == nil {
			t.Errorf("no time or pid in %v", found[0])
		}
	}
	for _, quiet := range []string{"asked", "asked-amiss"} {
		if found := those(lines, "trace_id", quiet); len(found) != 0 {
			t.Errorf("a query is in the log: %v", found)
		}
	}
	found := those(lines, "message", "a client asked the daemon to stop")
	if len(found) != 1 {
		t.Fatalf("%d lines of the shutdown in %v", len(found), lines)
	}
	want(t, found[0], "peer_uid", bobUID, "peer_program", "spacedrived")
}

func TestTheLogTellsWhoWasRefusedAndWhoListens(t *testing.T) {
	dir := folderForOthers(t)
	program, socket, data := copyOfProgram(t, dir), filepath.Join(dir, "s.sock"), filepath.Join(dir, "data")
	p := launch{
		args:    []string{"--data-dir", data, "--socket", socket, "--admit-group", fmt.Sprint(friends), "--log-format", "json", "--log-level", "debug"},
		program: program,
	}.start(t)
	// The socket can be connected to before the daemon has given it its mode.
	want(t, dial(t, socket).ask(`{"type":"ping"}`), "type", "pong")
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	callAs(t, program, socket, syscall.Credential{Uid: bob, Gid: bob})
	callAs(t, program, socket, syscall.Credential{Uid: ann, Gid: friends},
		`{"type":"subscribe","id":9,"event_types":["JobUpdate"]}`, `{"type":"query","method":"core.status","trace_id":"asked"}`)
	p.signal(syscall.SIGTERM)
	p.wait()
	lines := logLines(t, data)
	for field, tt := range map[string]struct {
		value string
		pairs []string
	}{
		"code":        {"permission_denied", []string{"peer_uid", fmt.Sprint(bob), "peer_program", "spacedrived", "level", "warn"}},
		"event_types": {"[JobUpdate]", []string{"peer_uid", fmt.Sprint(ann), "peer_program", "spacedrived", "request_id", "9", "level", "debug"}},
		"trace_id":    {"asked", []string{"peer_uid", fmt.Sprint(ann), "method", "core.status", "code", "ok", "level", "debug"}},
	} {
		found := those(lines, field, tt.value)
		if len(found) != 1 {
			t.Fatalf("%d lines with %s = %s in %v", len(found), field, tt.value, lines)
		}
		want(t, found[0], tt.pairs...)
	}
}
