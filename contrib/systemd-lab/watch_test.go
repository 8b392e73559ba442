package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A watcher is spacedrive while it runs.
type watcher struct {
	d    *daemon
	cmd  *exec.Cmd
	wait func() (exitCode int)

	mu  sync.Mutex
	out bytes.Buffer // stdout and stderr
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

func (d *daemon) watch(args ...string) *watcher {
	d.t.Helper()
	w := &watcher{d: d, cmd: exec.Command(filepath.Join(share, "bin/spacedrive"), args...)}
	w.cmd.Stdout, w.cmd.Stderr = w, w
	if err := w.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	w.wait = sync.OnceValue(func() int {
		_ = w.cmd.Wait() // the exit code tells
		return w.cmd.ProcessState.ExitCode()
	})
	d.t.Cleanup(func() {
		_ = w.cmd.Process.Kill() // it may have ended
		w.wait()
		if d.t.Failed() {
			d.t.Logf("spacedrive %s:\n%s", strings.Join(args, " "), w.all())
		}
	})
	return w
}

// expect waits until the program has written text so many times.
func (w *watcher) expect(text string, times int) {
	w.d.t.Helper()
	w.d.until(fmt.Sprintf("%q, %d times", text, times), func() bool { return strings.Count(w.all(), text) >= times })
}

// interrupt presses Ctrl-C.
func (w *watcher) interrupt() int {
	w.d.t.Helper()
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		w.d.t.Fatal(err)
	}
	return w.wait()
}

// waysToRestart end the daemon; the next is started by systemd, or by the first
// connection.
var waysToRestart = map[string]func(*daemon){
	"systemctl restart":  func(d *daemon) { d.systemctl("restart", "spacedrive.service") },
	"spacedrive restart": func(d *daemon) { d.spacedrive("restart") },
	"kill -9": func(d *daemon) {
		d.t.Helper()
		if err := syscall.Kill(d.status().PID, syscall.SIGKILL); err != nil {
			d.t.Fatal(err)
		}
	},
}

func TestEventsAndLogsAreFollowedOverARestart(t *testing.T) {
	for name, restart := range waysToRestart {
		t.Run(name, func(t *testing.T) {
			d := install(t)
			events := d.watch("--json", "events")
			lines := d.watch("logs", "-f", "-n", "0", "--target", "server")
			d.until("two subscribers", func() bool { return d.status().Subscriptions.Count == 2 })
			d.library("Before")
			events.expect(`"type":"LibraryCreated"`, 1)
			lines.expect("method=libraries.create", 1)

			restart(d)
			for _, w := range []*watcher{events, lines} {
				w.expect("The daemon is back, newly started (pid ", 1)
			}
			d.library("After")
			events.expect(`"type":"LibraryCreated"`, 2)
			lines.expect("method=libraries.create", 2)
			for _, w := range []*watcher{events, lines} {
				if code := w.interrupt(); code != 130 {
					t.Errorf("exit code %d", code)
				}
			}
			if n := strings.Count(events.all(), `"type":"LibraryCreated"`); n != 2 {
				t.Errorf("%d libraries were made", n)
			}
			if n := strings.Count(lines.all(), "method=libraries.create"); n != 2 {
				t.Errorf("%d lines about libraries made", n)
			}
			d.socketLives()
		})
	}
}

func TestAJobIsWatchedOverARestart(t *testing.T) {
	for name, restart := range waysToRestart {
		t.Run(name, func(t *testing.T) {
			d := install(t)
			tree := filepath.Join(d.home, "tree")
			d.plant(tree, 150, 200)
			d.library("Home")
			add := d.watch("location", "add", "--mode", "content", tree)
			var job api.Job
			d.until("the job", func() bool {
				jobs := call[api.Jobs](d, "query", "jobs.list", `{"status":"running"}`)
				if len(jobs.Jobs) == 0 {
					return false
				}
				job = jobs.Jobs[0]
				return true
			})
			watch := d.watch("job", "watch", job.ID.String())
			d.until("two subscribers", func() bool { return d.status().Subscriptions.Count == 2 })
			if d.job(job.ID.String()).Status.Finished() {
				t.Fatal("the job ended before it could be interrupted; the tree is too small")
			}
			restart(d)
			for _, w := range []*watcher{add, watch} {
				if code := w.wait(); code != 0 {
					t.Errorf("exit code %d", code)
				}
				w.expect("30,000 files in 150 folders", 1)
				w.expect("The daemon is back", 1)
			}
			d.socketLives()
		})
	}
}

// Who stops the daemon beside commands that watch means to stop it, though the
// next connection would start it again.
func TestAWatcherDoesNotStartWhatWasStopped(t *testing.T) {
	for _, name := range []string{"spacedrive stop", "systemctl stop"} {
		t.Run(name, func(t *testing.T) {
			d := install(t)
			tree := filepath.Join(d.home, "tree")
			d.plant(tree, 150, 200)
			d.library("Home")
			job := call[api.LocationAddOutput](d, "action", "locations.add", fmt.Sprintf(`{"path":%q,"mode":"content"}`, tree)).JobID.String()
			watchers := []*watcher{
				d.watch("--reconnect", "2s", "events"),
				d.watch("--reconnect", "2s", "logs", "-f"),
				d.watch("--reconnect", "2s", "job", "watch", job),
			}
			d.until("three subscribers, or the job's end", func() bool {
				return d.status().Subscriptions.Count == len(watchers) || d.job(job).Status.Finished()
			})
			if d.job(job).Status.Finished() { // before it could be watched: the others are left
				watchers[2].wait()
				watchers = watchers[:2]
				d.until("two subscribers", func() bool { return d.status().Subscriptions.Count == len(watchers) })
			}
			waysToEnd[name](d)
			for n, w := range watchers {
				if n == 2 && w.wait() == 0 { // the job had ended, after all
					continue
				}
				if code := w.wait(); code != 3 {
					t.Errorf("exit code %d\n%s", code, w.all())
				}
				w.expect("The daemon has stopped; waiting for the next one, for 2s.", 1)
				w.expect("no daemon for 2s: it was stopped", 1)
			}
			watchers[0].expect("spacedrive.socket starts it at the next connection", 1)
			if state := d.property("spacedrive.service", "ActiveState"); state != "inactive" {
				t.Errorf("the service is %s", state)
			}
			if n := strings.Count(d.journalctl("-o", "cat"), "Started spacedrive.service"); n != 1 {
				t.Errorf("it was started %d times", n)
			}
			d.socketLives()
		})
	}
}

func TestTheJournalStandsInForTheDaemonFiltered(t *testing.T) {
	d := install(t)
	d.library("Logged")
	d.spacedrive("stop", "--socket")
	d.until("the daemon's last line", func() bool { return strings.Contains(d.journalctl("-o", "cat"), "stopped") })
	all := d.spacedrive("logs", "-n", "200")
	if !strings.Contains(all, "method=libraries.create") || !strings.Contains(all, "target=instance") {
		t.Errorf("the journal's lines are:\n%s", all)
	}
	server := d.spacedrive("logs", "--target", "server")
	if !strings.Contains(server, "method=libraries.create") || strings.Contains(server, "target=instance") {
		t.Errorf("those of the server are:\n%s", server)
	}
	// Other tests' daemons have failed, and this journal tells of them too.
	if errors := d.spacedrive("logs", "--level", "error"); strings.Contains(errors, " INFO ") || strings.Contains(errors, "libraries.create") {
		t.Errorf("the errors are:\n%s", errors)
	}
	if last := d.spacedrive("logs", "--target", "server", "-n", "1"); strings.Count(last, "\n") != 1 {
		t.Errorf("the last one is:\n%s", last)
	}
}
