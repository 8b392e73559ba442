package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A session is the program on a terminal, with a person at the keyboard.
type session struct {
	t    *testing.T
	tty  *os.File
	cmd  *exec.Cmd
	seen strings.Builder
	read chan string
}

func startSession(t *testing.T, socket string, args ...string) *session {
	t.Helper()
	program, err := exec.LookPath("spacedrive") // the test binary, under this name
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"--socket", socket}, args...)...)
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "TERM=xterm", "XDG_RUNTIME_DIR=", noRaceSleep)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, tty: tty, cmd: cmd, read: make(chan string)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			if n > 0 {
				s.read <- string(buf[:n])
			}
			if err != nil {
				close(s.read)
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed
		tty.Close()
		for range s.read {
		}
		<-done
	})
	return s
}

// expect waits until the terminal has shown text.
func (s *session) expect(text string) {
	s.t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(s.seen.String(), text) {
		select {
		case more, ok := <-s.read:
			if !ok {
				s.t.Fatalf("the program ended without showing %q; it showed:\n%q", text, s.seen.String())
			}
			s.seen.WriteString(more)
		case <-deadline:
			s.t.Fatalf("the terminal never showed %q; it showed:\n%q", text, s.seen.String())
		}
	}
	_, rest, _ := strings.Cut(s.seen.String(), text)
	s.seen.Reset()
	s.seen.WriteString(rest)
}

func (s *session) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.tty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// exit waits for the program's end and returns its exit code.
func (s *session) exit() int {
	s.t.Helper()
	for more := range s.read {
		s.seen.WriteString(more)
	}
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return 0
}

const ctrlC = "\x03"

func TestCtrlCWhileAJobRuns(t *testing.T) {
	for name, test := range map[string]struct {
		keys      []string // and what the terminal shows before each
		shows     string
		cancelled bool
	}{
		"asks, and cancels":           {[]string{"Indexing", ctrlC, "keep watching", "c\n"}, "Cancelled the job", true},
		"asks, and leaves":            {[]string{"Indexing", ctrlC, "keep watching", "l\n"}, "To come back to it: spacedrive --socket", false},
		"twice: leaves at once":       {[]string{"Indexing", ctrlC, "keep watching", ctrlC}, "To come back to it: spacedrive --socket", false},
		"keep watching, then cancels": {[]string{"Indexing", ctrlC, "keep watching", "\n", "Indexing", ctrlC, "keep watching", "c\n"}, "Cancelled the job", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := &fakeDaemon{job: protocol.NewID(), boot: protocol.NewID(), cancelled: make(chan struct{})}
			socket := filepath.Join(t.TempDir(), "d.sock")
			stop, err := serveFake(socket, d)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			s := startSession(t, socket, "job", "watch", d.job.String())
			for i := 0; i < len(test.keys); i += 2 {
				s.expect(test.keys[i])
				s.press(test.keys[i+1])
			}
			s.expect(test.shows)
			if code := s.exit(); code != exitInterrupted {
				t.Errorf("exit code %d, want %d", code, exitInterrupted)
			}
			select {
			case <-d.cancelled:
				if !test.cancelled {
					t.Error("the job was cancelled")
				}
			default:
				if test.cancelled {
					t.Error("the job was not cancelled")
				}
			}
		})
	}
}

func TestTheJobsEndIsNoticedWhileItIsAskedAbout(t *testing.T) {
	d := &fakeDaemon{job: protocol.NewID(), boot: protocol.NewID(), cancelled: make(chan struct{}), finish: make(chan struct{})}
	socket := filepath.Join(t.TempDir(), "d.sock")
	stop, err := serveFake(socket, d)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s := startSession(t, socket, "job", "watch", d.job.String())
	s.expect("Indexing")
	s.press(ctrlC)
	s.expect("keep watching")
	close(d.finish)
	s.expect("Indexing completed: 20 files in 1 folder")
	if code := s.exit(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestCtrlCAtAQuestionEndsTheCommand(t *testing.T) {
	d := &fakeDaemon{job: protocol.NewID(), boot: protocol.NewID(), cancelled: make(chan struct{})}
	socket := filepath.Join(t.TempDir(), "d.sock")
	stop, err := serveFake(socket, d)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s := startSession(t, socket, "library", "delete", "Home")
	s.expect("[y/N] ")
	s.press(ctrlC)
	s.expect("Interrupted.")
	if code := s.exit(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
}

func TestProgressLine(t *testing.T) {
	d := &fakeDaemon{job: protocol.NewID(), boot: protocol.NewID(), cancelled: make(chan struct{})}
	socket := filepath.Join(t.TempDir(), "d.sock")
	stop, err := serveFake(socket, d)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s := startSession(t, socket, "job", "watch", d.job.String())
	s.expect(`Indexing  25%  5 of 20  2/s  7.0s left  /tmp/a\x1b[2Jb`)
	s.press(ctrlC)
	s.expect("keep watching")
	s.press(ctrlC)
	s.exit()
}
