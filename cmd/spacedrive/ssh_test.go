package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// A farSide is a machine behind a real sshd: this one, on a port of loopback.
type farSide struct {
	t      *testing.T
	dir    string
	port   int
	config string // of the near side's ssh
	user   string
	sshd   *exec.Cmd
	data   string // data folder of the far side's daemon
	path   string // the far side's PATH
}

// findSSHD returns the ssh server's program.
func findSSHD(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/opt/homebrew/sbin/sshd"} {
		if _, err := os.Stat(path); err == nil {
			return path // sshd insists on an absolute one
		}
	}
	if os.Getenv("SSHD_TEST") == "required" {
		t.Fatal("a test with sshd is required, and there is none: install openssh-server")
	}
	t.Skip("NOT TESTED over ssh: there is no sshd; install openssh-server")
	return ""
}

// startSSHD starts sshd with a host key and an account of the test's own. Who
// logs in gets that account, with path as the PATH.
func startSSHD(t *testing.T, path string) *farSide {
	t.Helper()
	program := findSSHD(t)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	f := &farSide{t: t, dir: t.TempDir(), user: me.Username, path: path}
	f.data = filepath.Join(f.dir, "data")
	f.config = filepath.Join(f.dir, "ssh_config")
	for _, key := range []string{"host_key", "user_key", "other_key"} {
		f.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(f.dir, key))
	}
	f.copy("user_key.pub", "authorized_keys")
	if os.Getuid() == 0 {
		// Where a root's sshd puts its unprivileged half (sshd(8)).
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.serve(program)
	f.know("host_key.pub")
	return f
}

// serve starts sshd on a port that is free, or on the one that it had.
func (f *farSide) serve(program string) {
	f.t.Helper()
	if f.port == 0 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			f.t.Fatal(err)
		}
		f.port = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	f.write("sshd_config", fmt.Sprintf(`
ListenAddress 127.0.0.1:%d
HostKey %s/host_key
AuthorizedKeysFile %s/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
SetEnv PATH=%s SPACEDRIVE_DATA_DIR=%s %s
`, f.port, f.dir, f.dir, f.path, f.data, noRaceSleep))
	log, err := os.Create(filepath.Join(f.dir, "sshd.log"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer log.Close()
	f.sshd = exec.Command(program, "-D", "-e", "-f", filepath.Join(f.dir, "sshd_config"))
	f.sshd.Stderr = log
	if err := f.sshd.Start(); err != nil {
		f.t.Fatal(err)
	}
	sshd := f.sshd
	f.t.Cleanup(func() {
		f.cut()
		_ = sshd.Process.Kill() // it may have ended
		_ = sshd.Wait()
		if f.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			f.t.Logf("sshd said:\n%s", text)
		}
	})
	f.until("sshd listens", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", f.port))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// know writes the near side's configuration, with this as the host's key, or
// none.
func (f *farSide) know(hostKey string) {
	f.t.Helper()
	known := ""
	if hostKey != "" {
		key, err := os.ReadFile(filepath.Join(f.dir, hostKey))
		if err != nil {
			f.t.Fatal(err)
		}
		known = fmt.Sprintf("[127.0.0.1]:%d %s", f.port, key)
	}
	f.write("known_hosts", known)
	f.write("ssh_config", fmt.Sprintf(`
Host *
  IdentityFile %s/user_key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile %s/known_hosts
  GlobalKnownHostsFile /dev/null
`, f.dir, f.dir))
}

func (f *farSide) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *farSide) copy(from, to string) {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, from))
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(to, string(text))
}

func (f *farSide) run(name string, args ...string) string {
	f.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		f.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (f *farSide) until(what string, holds func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// address is what --host is given.
func (f *farSide) address() string { return fmt.Sprintf("ssh://%s@127.0.0.1:%d", f.user, f.port) }

// near returns the program as it is run on the near side.
func (f *farSide) near(args ...string) *exec.Cmd {
	f.t.Helper()
	program, err := exec.LookPath("spacedrive") // the test binary, under this name
	if err != nil {
		f.t.Fatal(err)
	}
	home := filepath.Join(f.dir, "home")
	cmd := exec.Command(program, append([]string{"--host", f.address()}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_RUNTIME_DIR=", noRaceSleep,
		"SPACEDRIVE_SSH=ssh -F "+f.config)
	return cmd
}

// spacedrive runs the program against the far side.
func (f *farSide) spacedrive(args ...string) (stdout, stderr string, code int) {
	f.t.Helper()
	var out, errs bytes.Buffer
	cmd := f.near(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		f.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must is spacedrive for what has to succeed.
func (f *farSide) must(args ...string) string {
	f.t.Helper()
	out, errs, code := f.spacedrive(args...)
	if code != 0 {
		f.t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

// daemon starts the daemon of the far side, and returns a client to it that
// needs no ssh.
func (f *farSide) daemon(bin string) *client.Client {
	f.t.Helper()
	daemon := exec.Command(filepath.Join(bin, "spacedrived"), "--data-dir", f.data, "--config", filepath.Join(f.dir, "none.toml"))
	if err := daemon.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		_ = daemon.Process.Signal(os.Interrupt) // it may have ended
		_ = daemon.Wait()
	})
	var c *client.Client
	f.until("the daemon answers", func() (ok bool) {
		var err error
		c, err = client.Dial(context.Background(), client.Socket(filepath.Join(f.data, "daemon", "daemon.sock")))
		return err == nil
	})
	f.t.Cleanup(func() { c.Close() })
	return c
}

// cut ends the sessions of sshd, as a network does that fails: without a word
// to either end.
func (f *farSide) cut() {
	f.t.Helper()
	for _, pid := range descendants(f.t, f.sshd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	}
}

// descendants returns the processes below pid that are sshd's own.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,comm=").Output()
	if err != nil {
		t.Fatal(err)
	}
	below := []int{pid}
	for range 4 { // monitor, session, shell, program
		for line := range strings.Lines(string(out)) {
			fields := strings.Fields(line)
			child, _ := strconv.Atoi(fields[0])
			parent, _ := strconv.Atoi(fields[1])
			if strings.Contains(fields[2], "sshd") && slices.Contains(below, parent) && !slices.Contains(below, child) {
				below = append(below, child)
			}
		}
	}
	return below[1:]
}
