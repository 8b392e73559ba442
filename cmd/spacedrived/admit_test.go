package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Users and a group that nobody else has. They need no names.
const (
	ann, bob = 54321, 54322
	friends  = 54400
)

// many returns n supplementary groups, the last ones the given ones.
func many(n int, last ...uint32) (groups []uint32) {
	for i := range n - len(last) {
		groups = append(groups, uint32(60_000+i))
	}
	return append(groups, last...)
}

func TestAGroupIsAdmitted(t *testing.T) {
	dir := folderForOthers(t)
	program, socket := copyOfProgram(t, dir), filepath.Join(dir, "made", "deep", "s.sock")
	p := launch{
		args:    []string{"--data-dir", filepath.Join(dir, "data"), "--socket", socket, "--admit-group", fmt.Sprint(friends)},
		program: program,
	}.start(t)
	want(t, dial(t, socket).ok(`{"type":"query","method":"core.status"}`), "admit_group", fmt.Sprint(friends))
	for path, mode := range map[string]os.FileMode{
		socket:                               0o660 | os.ModeSocket,
		filepath.Dir(socket):                 0o710 | os.ModeDir,
		filepath.Dir(filepath.Dir(socket)):   0o710 | os.ModeDir,
		filepath.Join(dir, "data", "daemon"): 0, // not made
	} {
		st, err := os.Stat(path)
		if mode == 0 {
			if err == nil {
				t.Errorf("%s has been made", path)
			}
			continue
		}
		if err != nil || st.Mode() != mode || st.Sys().(*syscall.Stat_t).Gid != friends {
			t.Errorf("%s: %v, %+v; want mode %v", path, err, st, mode)
		}
	}
	for name, who := range map[string]syscall.Credential{
		"by the primary group":      {Uid: ann, Gid: friends},
		"by a supplementary group":  {Uid: ann, Gid: ann, Groups: []uint32{friends}},
		"by the 65th of its groups": {Uid: ann, Gid: ann, Groups: many(65, friends)},
		"by one of 2,000 groups":    {Uid: ann, Gid: ann, Groups: many(2000, friends)},
		"root":                      {},
	} {
		if out := callAs(t, program, socket, who); !strings.Contains(out, `"pong"`) {
			t.Errorf("%s: %q", name, out)
		}
	}
	// The kernel itself keeps out who is in no such group.
	if out := callAs(t, program, socket, syscall.Credential{Uid: bob, Gid: bob, Groups: many(2000)}); !strings.Contains(out, "permission denied") {
		t.Errorf("a stranger gets %q", out)
	}
	// So does the daemon, where somebody has opened the socket to all.
	for path, mode := range map[string]os.FileMode{socket: 0o666, filepath.Dir(socket): 0o755, filepath.Dir(filepath.Dir(socket)): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{0, 1, 32, 33, 64, 65, 2000} {
		out := callAs(t, program, socket, syscall.Credential{Uid: bob, Gid: bob, Groups: many(n)})
		for _, part := range []string{`"permission_denied"`, "user 0 ", "group 54400", "user 54322", "sudo usermod -aG 54400 $USER, then log in again"} {
			if !strings.Contains(out, part) {
				t.Errorf("with %d groups: no %q in %q", n, part, out)
			}
		}
	}
	if out := callAs(t, program, socket, syscall.Credential{Uid: 65534, Gid: 65534}); !strings.Contains(out, "sudo usermod -aG 54400 nobody,") {
		t.Errorf("who has a name is not told by it: %q", out)
	}
	p.signal(syscall.SIGTERM)
	if code, stderr := p.wait(); code != 0 || strings.Contains(stderr, "keeps the group") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestAnInheritedSocketsPeersAreLookedAt: the unit has set owner and mode, and
// the daemon is not root.
func TestAnInheritedSocketsPeersAreLookedAt(t *testing.T) {
	dir := folderForOthers(t)
	program, socket := copyOfProgram(t, dir), filepath.Join(dir, "s.sock")
	f := socketFile(t, socket)
	data := filepath.Join(dir, "data")
	for _, err := range []error{os.Chown(socket, 0, friends), os.Chmod(socket, 0o660), os.Mkdir(data, 0o700), os.Chown(data, ann, ann)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	launch{
		args:    []string{"--data-dir", data, "--log-format", "json"},
		env:     []string{fmt.Sprintf("SPACEDRIVE_ADMIT_GROUP=%d", friends), "SPACEDRIVE_CONFIG=" + filepath.Join(dir, "none.toml")},
		sockets: []*os.File{f}, uid: ann, program: program, noConfig: true,
	}.start(t)
	for name, tt := range map[string]struct {
		who  syscall.Credential
		want string
	}{
		"a member":   {syscall.Credential{Uid: bob, Gid: bob, Groups: []uint32{friends}}, `"pong"`},
		"root":       {syscall.Credential{}, `"pong"`},
		"a stranger": {syscall.Credential{Uid: bob, Gid: bob}, "permission denied"},
	} {
		if out := callAs(t, program, socket, tt.who); !strings.Contains(out, tt.want) {
			t.Errorf("%s gets %q", name, out)
		}
	}
}

func TestAGroupThatDoesNotExist(t *testing.T) {
	dir := t.TempDir()
	p := launch{args: []string{"--data-dir", dir, "--admit-group", "frends"}}.start(t)
	code, stderr := p.wait()
	if code != 1 || !strings.Contains(stderr, `no group "frends"`) || !strings.Contains(stderr, "groupadd --system frends") {
		t.Errorf("by hand: exit %d, %s", code, stderr)
	}
	file, socket := filepath.Join(dir, "config.toml"), filepath.Join(dir, "s.sock")
	if err := os.WriteFile(file, []byte(`admit_group = "frends"`), 0o600); err != nil {
		t.Fatal(err)
	}
	p = launch{
		args:    []string{"--data-dir", dir, "--config", file},
		sockets: []*os.File{socketFile(t, socket)}, noConfig: true,
	}.start(t)
	c := dial(t, socket)
	m := c.ask(`{"type":"query","method":"libraries.list"}`)
	want(t, m, "error.code", "core_unavailable")
	if text := get(m, "error.message"); !strings.Contains(text, `no group "frends"`) {
		t.Errorf("activated: %q", text)
	}
	// Mended: the members are admitted by the next daemon, which comes with
	// the next connection.
	if err := os.WriteFile(file, []byte(`admit_group = "root"`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	if code, stderr := p.wait(); code != 0 {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestWhoHearsThatTheDaemonCannotStart: the members of the group, too.
func TestWhoHearsThatTheDaemonCannotStart(t *testing.T) {
	dir := folderForOthers(t)
	program, socket := copyOfProgram(t, dir), filepath.Join(dir, "s.sock")
	f := socketFile(t, socket)
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--frob", fmt.Sprintf("--admit-group=%d", friends)}, {"--admit-group", fmt.Sprint(friends), "--frob"}} {
		p := launch{args: append([]string{"--data-dir", filepath.Join(dir, "data")}, args...), sockets: []*os.File{f}, program: program}.start(t)
		list := `{"type":"query","method":"libraries.list"}`
		if out := callAs(t, program, socket, syscall.Credential{Uid: ann, Gid: friends}, list); !strings.Contains(out, "core_unavailable") || !strings.Contains(out, "--frob") {
			t.Errorf("%v: a member gets %q", args, out)
		}
		if out := callAs(t, program, socket, syscall.Credential{Uid: bob, Gid: bob}, list); !strings.Contains(out, "permission_denied") {
			t.Errorf("%v: a stranger gets %q", args, out)
		}
		p.signal(syscall.SIGTERM)
		p.wait()
	}
}

func TestAFolderThatKeepsTheGroupOutIsNamed(t *testing.T) {
	data := t.TempDir() // below a folder that is closed to others
	p := launch{args: []string{"--data-dir", data, "--admit-group", fmt.Sprint(friends), "--log-format", "console"}}.start(t)
	dial(t, filepath.Join(data, "daemon", "daemon.sock"))
	p.signal(syscall.SIGTERM)
	if _, stderr := p.wait(); !strings.Contains(stderr, "the folder "+filepath.Dir(data)+" keeps the group") {
		t.Errorf("not said: %s", stderr)
	}
}

func TestReloadSaysThatTheGroupTakesARestart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.toml")
	notify, next := notifySocket(t)
	p := launch{args: []string{"--data-dir", dir, "--config", file, "--log-format", "console"}, noConfig: true, env: []string{notify}}.start(t)
	for next() != "READY=1" {
	}
	if err := os.WriteFile(file, []byte(`admit_group = "root"`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	for next() != "READY=1" {
	}
	p.signal(syscall.SIGTERM)
	if _, stderr := p.wait(); !strings.Contains(stderr, "admit_group has changed, and that takes a restart") {
		t.Errorf("not said: %s", stderr)
	}
}
