//go:build linux

package packaged

import (
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// A person has an account on a machine, and is logged in.
type person struct {
	m    *machine
	name string
	uid  int
	home string
}

// person makes an account. Its manager runs from now on, as at a login that
// lasts, and at each boot.
func (m *machine) person(name string, groups ...string) *person {
	m.t.Helper()
	m.root("useradd", "--create-home", "--shell", "/bin/bash", "--groups", strings.Join(groups, ","), name)
	uid, err := strconv.Atoi(strings.TrimSpace(m.root("id", "-u", name)))
	if err != nil {
		m.t.Fatal(err)
	}
	m.root("loginctl", "enable-linger", name)
	p := &person{m, name, uid, "/home/" + name}
	p.loggedIn()
	return p
}

// loggedIn waits for the person's manager.
func (p *person) loggedIn() {
	p.m.t.Helper()
	p.m.until(p.name+"'s manager", func() bool { return p.try("systemctl", "--user", "is-system-running").code == 0 })
}

// command is one that the person types at a prompt.
func (p *person) command(args ...string) *exec.Cmd {
	cmd := p.m.lab(append([]string{"run"}, args...)...)
	cmd.Env = append(cmd.Env, "LAB_USER="+p.name, "LAB_UID="+strconv.Itoa(p.uid))
	return cmd
}

// try runs a command, whatever comes of it.
func (p *person) try(args ...string) outcome {
	p.m.t.Helper()
	return p.m.finish(p.command(args...), args)
}

// run runs a command that must succeed, and returns what it prints.
func (p *person) run(args ...string) string {
	p.m.t.Helper()
	o := p.try(args...)
	if o.code != 0 {
		p.m.t.Fatalf("%s: %v", p.name, o)
	}
	return o.out
}

func (p *person) systemctl(args ...string) string {
	p.m.t.Helper()
	return p.run(append([]string{"systemctl", "--user", "--quiet"}, args...)...)
}

// property returns what systemd says of one of the person's units.
func (p *person) property(unit, name string) string {
	p.m.t.Helper()
	return strings.TrimSpace(p.systemctl("show", "--property="+name, "--value", unit))
}

// write makes a file in the person's home folder, and the folders above.
func (p *person) write(name, text string) {
	p.m.t.Helper()
	p.run("sh", "-c", `mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"`, "sh", filepath.Join(p.home, name), text)
}

func (p *person) dataDir() string { return filepath.Join(p.home, ".local/share/spacedrive") }

// socket returns the path of an instance's socket.
func (p *person) socket(instance string) string {
	name := "daemon.sock"
	if instance != "" {
		name = "daemon-" + instance + ".sock"
	}
	return filepath.Join(p.dataDir(), "daemon", name)
}

// A part is this test binary as another process inside; see role_test.go.
type part struct {
	p     *person
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   strings.Builder
	err   strings.Builder
}

// play starts a part as the person. It goes on until its input ends.
func (p *person) play(role string, args ...string) *part {
	p.m.t.Helper()
	x := &part{p: p, cmd: p.command(append([]string{"env", roleVariable + "=" + role, filepath.Join(share, "lab.test")}, args...)...)}
	x.cmd.Stdout, x.cmd.Stderr = &x.out, &x.err
	var err error
	if x.stdin, err = x.cmd.StdinPipe(); err == nil {
		err = x.cmd.Start()
	}
	if err != nil {
		p.m.t.Fatal(err)
	}
	return x
}

// end ends a part's input and decodes what it has to tell.
func (x *part) end(report any) {
	x.p.m.t.Helper()
	_ = x.stdin.Close() // it may have ended by itself
	if err := x.cmd.Wait(); err != nil {
		x.p.m.t.Fatalf("%v\n%s%s", err, x.out.String(), x.err.String())
	}
	if err := json.Unmarshal([]byte(x.out.String()), report); err != nil {
		x.p.m.t.Fatalf("%v: %s", err, x.out.String())
	}
}

func (p *person) id() string { return strconv.Itoa(p.uid) }
