package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// patience bounds every wait. Nothing here takes as long on any machine, and
// nothing is timed: a test fails by it only where something never happens.
const patience = 5 * time.Minute

// A daemon is an installation that a test has to itself.
type daemon struct {
	t       testing.TB
	home    string
	dataDir string
	socket  string
	since   string // when the test began, for journalctl
}

// install removes what an earlier test left, installs the units as a user
// would, and enables the socket. The daemon itself is not running.
func install(t testing.TB) *daemon {
	d := clean(t)
	d.spacedrive("service", "install")
	d.systemctl("enable", "--now", "spacedrive.socket")
	return d
}

// clean leaves a home folder without any trace of the daemon.
func clean(t testing.TB) *daemon {
	t.Helper()
	if skipped != "" {
		t.Skip("NOT TESTED: ", skipped)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, home: home}
	d.dataDir = filepath.Join(home, ".local/share/spacedrive")
	d.socket = filepath.Join(d.dataDir, "daemon/daemon.sock")
	_ = os.RemoveAll(d.configDir("spacedrive")) // first: with a bad one no command runs
	_ = os.Chmod(d.dataDir, 0o700)              // where a test took the rights away
	d.spacedrive("service", "uninstall")
	for _, dir := range []string{d.dataDir, d.configDir("systemd/user")} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	d.systemctl("daemon-reload")
	d.systemctl("reset-failed")
	d.since = time.Now().Format("2006-01-02 15:04:05.000000")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the journal:\n%s", d.journalctl("-o", "short-precise", "-n", "100"))
		}
	})
	return d
}

func (d *daemon) configDir(name string) string { return filepath.Join(d.home, ".config", name) }

// run returns what a program prints, and fails the test where it fails.
func (d *daemon) run(name string, args ...string) string {
	d.t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

func (d *daemon) spacedrive(args ...string) string {
	d.t.Helper()
	return d.run(filepath.Join(share, "bin/spacedrive"), args...)
}

func (d *daemon) systemctl(args ...string) string {
	d.t.Helper()
	return d.run("systemctl", append([]string{"--user", "--quiet"}, args...)...)
}

// journalctl returns what the user's journal got since the test began.
func (d *daemon) journalctl(args ...string) string {
	d.t.Helper()
	return d.run("journalctl", append([]string{"--user", "--no-pager", "--quiet", "--since", d.since}, args...)...)
}

// property returns what systemd says of a unit.
func (d *daemon) property(unit, name string) string {
	d.t.Helper()
	return strings.TrimSpace(d.systemctl("show", "--property="+name, "--value", unit))
}

// dropIn changes a unit as "systemctl edit" does; mend takes it back.
func (d *daemon) dropIn(unit, text string) (mend func()) {
	d.t.Helper()
	dir := d.configDir("systemd/user/" + unit + ".d")
	d.write(filepath.Join(dir, "test.conf"), text)
	d.systemctl("daemon-reload")
	return func() {
		d.t.Helper()
		if err := os.RemoveAll(dir); err != nil {
			d.t.Fatal(err)
		}
		d.systemctl("daemon-reload")
	}
}

// configure writes the configuration file.
func (d *daemon) configure(text string) string {
	d.t.Helper()
	path := filepath.Join(d.configDir("spacedrive"), "config.toml")
	d.write(path, text)
	return path
}

func (d *daemon) write(path, text string) {
	d.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// socketLives fails the test where systemd has given the socket up.
func (d *daemon) socketLives() {
	d.t.Helper()
	if state := d.property("spacedrive.socket", "ActiveState"); state != "active" {
		d.t.Fatalf("the socket unit is %s (%s): no connection will ever start the daemon again",
			state, d.property("spacedrive.socket", "Result"))
	}
}

// until polls for what no event announces to a test.
func (d *daemon) until(what string, holds func() bool) {
	d.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			d.t.Fatalf("waited %v in vain for %s", patience, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// An answer is one message of the daemon.
type answer struct {
	Type    string         `json:"type"`
	ID      uint64         `json:"id,omitzero"`
	Payload jsontext.Value `json:"payload,omitzero"`
	Error   struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Hint    string `json:"hint"`
	} `json:"error,omitzero"`
	Event jsontext.Value `json:"event,omitzero"`
}

func (a answer) String() string {
	if a.Type == "error" {
		return fmt.Sprintf("error %s: %s (%s)", a.Error.Code, a.Error.Message, a.Error.Hint)
	}
	return a.Type + " " + string(a.Payload)
}

// exchange sends lines on a connection of its own, half-closes it as nc -N
// does, and returns every answer.
func exchange(socket string, lines ...string) ([]answer, error) {
	c, err := net.DialTimeout("unix", socket, patience)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		return nil, err
	}
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		return nil, err
	}
	var answers []answer
	scanner := bufio.NewScanner(c)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var a answer
		if err := json.Unmarshal(scanner.Bytes(), &a); err != nil {
			return answers, fmt.Errorf("%s: %w", scanner.Bytes(), err)
		}
		answers = append(answers, a)
	}
	return answers, scanner.Err()
}

// ask makes one call and returns its answer, whatever it is.
func (d *daemon) ask(kind, method, payload string) answer {
	d.t.Helper()
	answers, err := exchange(d.socket, fmt.Sprintf(`{"type":%q,"id":1,"method":%q,"payload":%s}`, kind, method, payload))
	if err != nil {
		d.t.Fatalf("%s: %v", method, err)
	}
	if len(answers) != 1 {
		d.t.Fatalf("%s: %d answers: %v", method, len(answers), answers)
	}
	return answers[0]
}

// call makes one call that must succeed.
func call[Out any](d *daemon, kind, method, payload string) Out {
	d.t.Helper()
	a := d.ask(kind, method, payload)
	if a.Type != "ok" {
		d.t.Fatalf("%s %s: %v", method, payload, a)
	}
	var out Out
	if err := json.Unmarshal(a.Payload, &out); err != nil {
		d.t.Fatalf("%s: %v\n%s", method, err, a.Payload)
	}
	return out
}

const statusQuery = `{"type":"query","method":"core.status"}`

func (d *daemon) status() api.Status {
	d.t.Helper()
	return call[api.Status](d, "query", "core.status", "{}")
}
