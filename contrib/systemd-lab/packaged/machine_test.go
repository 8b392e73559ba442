//go:build linux

package packaged

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// patience bounds every wait. Nothing here takes as long on any machine, and
// nothing is timed: a test fails by it only where something never happens.
const patience = 5 * time.Minute

// A machine is a clean Debian that a test has to itself.
type machine struct {
	t     testing.TB
	dir   string // the lab's state
	image string // what it booted from
}

var booted atomic.Int32

// boot starts a clean machine beside those of other tests.
func boot(t *testing.T) *machine { return bootFrom(t, root) }

// installed starts a machine that has a package installed, and nothing of it
// running or enabled.
func installed(t *testing.T, pkg string) *machine { return bootFrom(t, roots[pkg]) }

func bootFrom(t *testing.T, root string) *machine {
	t.Helper()
	if skipped != "" {
		t.Skip("NOT TESTED: ", skipped)
	}
	t.Parallel()
	m := &machine{t: t, dir: stateDir(os.Getpid(), int(booted.Add(1))), image: root}
	t.Cleanup(func() {
		if t.Failed() {
			for _, filter := range [][]string{{"--priority=notice"}, {"--identifier=spacedrived", "--identifier=systemd"}} {
				o := m.try(append([]string{"journalctl", "--no-pager", "--quiet", "-o", "short-precise", "-n", "100"}, filter...)...)
				t.Logf("the journal, %v:\n%s", filter, o.out)
			}
		}
		if out, err := m.lab("down").CombinedOutput(); err != nil {
			t.Errorf("lab down: %v: %s", err, out)
		}
	})
	if out, err := m.lab("up").CombinedOutput(); err != nil {
		t.Fatalf("lab up: %v: %s", err, out)
	}
	return m
}

func (m *machine) lab(args ...string) *exec.Cmd {
	cmd := exec.Command("../lab", args...)
	cmd.Env = append(os.Environ(), "LAB_DIR="+m.dir, "LAB_ROOT="+m.image, "LAB_BIND="+share)
	return cmd
}

// reboot stops all that runs, in order, and boots again.
func (m *machine) reboot() {
	m.t.Helper()
	if out, err := m.lab("reboot").CombinedOutput(); err != nil {
		m.t.Fatalf("lab reboot: %v: %s", err, out)
	}
}

// An outcome is what a command printed, and its exit status.
type outcome struct {
	args     []string
	out, err string
	code     int
}

func (o outcome) String() string {
	return fmt.Sprintf("%s: exit status %d\n%s%s", strings.Join(o.args, " "), o.code, o.out, o.err)
}

func (m *machine) finish(cmd *exec.Cmd, args []string) outcome {
	m.t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.WaitDelay = time.Second // for what it leaves behind with its output
	err := cmd.Start()
	if err == nil {
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		err = cmd.Wait()
		late.Stop()
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		m.t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return outcome{args, out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// try runs a command as root, whatever comes of it.
func (m *machine) try(args ...string) outcome {
	m.t.Helper()
	return m.finish(m.lab(append([]string{"root"}, args...)...), args)
}

// root runs a command as root that must succeed.
func (m *machine) root(args ...string) string {
	m.t.Helper()
	o := m.try(args...)
	if o.code != 0 {
		m.t.Fatal(o)
	}
	return o.out
}

// install installs a package as an administrator does, and returns what was
// printed.
func (m *machine) install(pkg string) string {
	m.t.Helper()
	o := m.try("apt-get", "install", "-y", filepath.Join(share, pkg))
	if o.code != 0 {
		m.t.Fatal(o)
	}
	return o.out + o.err
}

// property returns what systemd says of a system unit.
func (m *machine) property(unit, name string) string {
	m.t.Helper()
	return strings.TrimSpace(m.root("systemctl", "show", "--property="+name, "--value", unit))
}

// write makes a file inside, and its folder.
func (m *machine) write(path, text string) {
	m.t.Helper()
	m.root("install", "-d", filepath.Dir(path))
	m.root("sh", "-c", `printf %s "$2" >"$1"`, "sh", path, text)
}

// leader returns the pid that PID 1 has outside.
func (m *machine) leader() int {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, "leader"))
	if err != nil {
		m.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil {
		m.t.Fatal(err)
	}
	return pid
}

// outside returns what path is called outside, where root can look at it.
func (m *machine) outside(path string) string {
	m.t.Helper()
	return fmt.Sprintf("/proc/%d/root%s", m.leader(), path)
}

// dial connects from outside, where all that is asked for is an answer. The
// daemon takes the peer for root.
func (m *machine) dial(socket string) *client.Client {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	target := client.Socket(m.outside(socket))
	target.HelloTimeout = patience
	c, err := client.Dial(ctx, target)
	if err != nil {
		m.t.Fatalf("%s: %v", socket, err)
	}
	return c
}

// call makes one call that must succeed, from outside.
func call[In, Out any](m *machine, socket string, op protocol.Operation[In, Out], in In, options ...client.CallOption) Out {
	m.t.Helper()
	c := m.dial(socket)
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := client.Call(ctx, c, op, in, options...)
	if err != nil {
		m.t.Fatalf("%s: %v", socket, err)
	}
	return out
}

func (m *machine) status(socket string) api.Status {
	m.t.Helper()
	return call(m, socket, api.CoreStatus, api.Empty{})
}

// until polls for what no event announces to a test.
func (m *machine) until(what string, holds func() bool) {
	m.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			m.t.Fatalf("waited %v in vain for %s", patience, what)
		}
		time.Sleep(100 * time.Millisecond) // to ask takes processes, which take from what is waited for
	}
}

// callIn makes one call in a library that must succeed, from outside.
func callIn[In, Out any](m *machine, socket string, library protocol.ID, op protocol.Operation[In, Out], in In) Out {
	m.t.Helper()
	return call(m, socket, op, in, client.InLibrary(library))
}
