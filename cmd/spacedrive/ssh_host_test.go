package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// farPath is the PATH of a far side where the daemon is installed.
func farPath(t *testing.T) (path, bin string) {
	t.Helper()
	bin, err := daemonDir()
	if err != nil {
		t.Fatal(err)
	}
	return bin + ":/usr/bin:/bin", bin
}

func TestOverSSHWhereNoDaemonRuns(t *testing.T) {
	path, _ := farPath(t)
	f := startSSHD(t, path)
	f.must("library", "create", "Far")
	if out := f.must("library", "list"); !strings.Contains(out, "Far") {
		t.Errorf("listed:\n%s", out)
	}
	// A session's private daemon is none that runs there.
	if _, err := os.Stat(filepath.Join(f.data, "daemon", "daemon.sock")); err == nil {
		t.Error("the session has left a socket behind")
	}
	w := f.watch("events", "--after", "0")
	w.expect("CoreStarted")
	f.cut()
	w.expect("The daemon is back, newly started")
	if code := w.interrupt(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

func TestOverSSHWhereADaemonRuns(t *testing.T) {
	path, bin := farPath(t)
	f := startSSHD(t, path)
	far := f.daemon(bin)
	f.must("library", "create", "Far")
	libs, err := client.Call(t.Context(), far, api.LibrariesList, api.Empty{})
	if err != nil || len(libs.Libraries) != 1 || libs.Libraries[0].Name != "Far" {
		t.Fatalf("the daemon has %+v, error %v", libs, err)
	}

	// Events of what others do there come here, over connections that break.
	w := f.watch("--json", "events", "--type", "JobUpdate", "--type", "LibraryCreated", "--after", "0")
	w.expect(`"name":"Far"`)
	tree := filepath.Join(f.dir, "tree")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Call(t.Context(), far, api.LocationsAdd, api.LocationAddInput{Path: protocol.Path(tree)}); err != nil {
		t.Fatal(err)
	}
	w.expect(`"status":"completed"`)
	f.cut()
	w.expect("The ssh connection to " + f.user + "@127.0.0.1 broke")
	w.expect("Connected again.")
	if _, err := client.Call(t.Context(), far, api.LibrariesCreate, api.LibraryCreateInput{Name: "Later"}); err != nil {
		t.Fatal(err)
	}
	w.expect(`"name":"Later"`)
	if code := w.interrupt(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(w.all(), `"name":"Far"`); n != 1 {
		t.Errorf("an event of before the break was shown %d times", n)
	}
	if strings.Contains(w.all(), `"gap"`) {
		t.Error("there is a gap in the same start of the daemon")
	}

	// Without coming back, it ends, and says why.
	w = f.watch("events", "--reconnect", "0s", "--after", "0")
	w.expect("LibraryCreated  Far")
	f.cut()
	if code := w.wait(); code != exitNoDaemon {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(w.all(), "spacedrive: the ssh connection to "+f.user+"@127.0.0.1 broke: ") {
		t.Errorf("it said:\n%s", w.all())
	}
}

func TestOverSSHWhatIsMissingIsSaid(t *testing.T) {
	path, _ := farPath(t)
	f := startSSHD(t, path)
	host := f.user + "@127.0.0.1"
	for _, test := range []struct {
		name    string
		prepare func()
		args    []string
		says    []string
	}{
		{"the host's key is not known", func() { f.know("") }, []string{"status"},
			[]string{"ssh does not know the host key of " + host, "connect once by hand", "ssh -F "}},
		{"the host's key is another", func() { f.know("other_key.pub") }, []string{"status"},
			[]string{host + " has another host key than the one that ssh knows", "ssh-keygen -R"}},
		{"the login is refused", func() { f.know("host_key.pub"); f.copy("other_key.pub", "authorized_keys") }, []string{"status"},
			[]string{host + " refuses the login: ", "Permission denied (publickey", "ssh-agent"}},
		{"there is no such ssh", func() { f.copy("user_key.pub", "authorized_keys") }, []string{"--ssh", "/none/ssh", "status"},
			[]string{"cannot run /none/ssh", "is /none/ssh installed"}},
		{"nobody listens", func() { f.port++ }, []string{"status"},
			[]string{"no ssh server listens on " + host, "is sshd running"}},
		{"there is no spacedrived there", func() { f.port--; f.sshdWithPath("/usr/bin:/bin") }, []string{"status"},
			[]string{host + " has no spacedrived on its PATH", "install it there", "'echo $PATH'"}},
		{"spacedrived cannot be run there", func() { f.sshdWithPath(f.broken() + ":/usr/bin:/bin") }, []string{"status"},
			[]string{host + " may not run its spacedrived: ", "executable"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.prepare()
			out, errs, code := f.spacedrive(test.args...)
			if code != exitNoDaemon || out != "" {
				t.Errorf("exit code %d, stdout %q", code, out)
			}
			for _, text := range test.says {
				if !strings.Contains(errs, text) {
					t.Errorf("it does not say %q, but:\n%s", text, errs)
				}
			}
		})
	}
}

// sshdWithPath starts sshd anew, with another PATH for who logs in.
func (f *farSide) sshdWithPath(path string) {
	f.t.Helper()
	f.cut()
	_ = f.sshd.Process.Kill()
	_ = f.sshd.Wait()
	f.path = path
	f.serve(f.sshd.Path)
}

// broken returns a folder with a spacedrived that no machine can run.
func (f *farSide) broken() string {
	f.t.Helper()
	dir := filepath.Join(f.dir, "broken")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spacedrived"), []byte("\x7fELF of nowhere"), 0o755); err != nil {
		f.t.Fatal(err)
	}
	return dir
}

// A watcher is the program while it runs.
type watcher struct {
	t    *testing.T
	mu   sync.Mutex
	out  bytes.Buffer // stdout and stderr
	seen int
	wait func() int
	kill func(os.Signal) error
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(b)
}

func (w *watcher) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// watch starts the program against the far side.
func (f *farSide) watch(args ...string) *watcher {
	f.t.Helper()
	cmd := f.near(args...)
	w := &watcher{t: f.t}
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	w.kill = cmd.Process.Signal
	w.wait = sync.OnceValue(func() int {
		_ = cmd.Wait() // the exit code tells
		return cmd.ProcessState.ExitCode()
	})
	f.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		w.wait()
	})
	return w
}

// expect waits until the program has written text, after what was expected
// before.
func (w *watcher) expect(text string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		all := w.all()
		if at := strings.Index(all[w.seen:], text); at >= 0 {
			w.seen += at + len(text)
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%q did not come within %v; this did:\n%s", text, patience, all)
		}
	}
}

func (w *watcher) interrupt() int {
	w.t.Helper()
	if err := w.kill(os.Interrupt); err != nil {
		w.t.Fatal(err)
	}
	return w.wait()
}
