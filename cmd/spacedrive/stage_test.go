package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

//go:generate go test -run Golden . -update

var update = flag.Bool("update", false, "write the golden files")

func goldenPath(name string) string { return filepath.Join("testdata", "golden", name) }

// golden compares a text with the file that has it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := goldenPath(name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the program prints: run go generate ./...\n%s", path, firstDifference(string(got), string(want)))
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "got  " + a[i] + "\nwant " + b[i]
		}
	}
	return "one is longer"
}

// A stage is a home folder with the programs, where commands run and a daemon
// may.
type stage struct {
	*testing.T
	dir string
	bin string // the programs
	env []string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	bin, err := daemonDir()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sd") // short: a socket's path must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endDaemons(t, dir)
		_ = os.RemoveAll(dir)
	})
	s := &stage{t, dir, bin, []string{
		"PATH=" + dir + "/bin:" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=dumb", "TZ=UTC", "LC_ALL=C.UTF-8",
		"PROGRAMS=" + bin, "XDG_DATA_HOME=" + dir + "/x", "XDG_CONFIG_HOME=" + dir + "/config", "XDG_RUNTIME_DIR=", "DBUS_SESSION_BUS_ADDRESS=", noRaceSleep,
	}}
	s.mkdir("functions")
	for _, name := range [][2]string{{"bash", "spacedrive.bash"}, {"zsh", "functions/_spacedrive"}, {"fish", "spacedrive.fish"}} {
		script, err := s.command("spacedrive", "completion", name[0]).Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name[1]), script, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *stage) mkdir(names ...string) {
	s.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(s.dir, name), 0o755); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *stage) command(name string, args ...string) *exec.Cmd {
	if name == "spacedrive" {
		name = filepath.Join(s.bin, name)
	}
	c := exec.Command(name, args...)
	c.Dir, c.Env = s.dir, s.env
	return c
}

func (s *stage) run(name string, args ...string) string {
	s.Helper()
	out, err := s.command(name, args...).CombinedOutput()
	if err != nil {
		s.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// eventually repeats what returns "" when all is well: a busy machine may take
// longer than completion waits.
func (s *stage) eventually(wrong func() string) {
	s.Helper()
	for deadline := time.Now().Add(patience); ; {
		message := wrong()
		if message == "" {
			return
		}
		if time.Now().After(deadline) {
			s.Fatal(message)
		}
	}
}

// A typist types at a shell on a terminal. Ctrl-O has the shell show its line
// in [[ ]].
type typist struct {
	*stage
	tty     *os.File
	list    string // the keys that list what there is
	written chan string
	seen    string // written, and not looked at yet
}

// terminal starts a shell and has it read setup. spacedrive is a function in
// it, which shows its arguments.
func (s *stage) terminal(shell string, args []string, setup, list string) *typist {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "setup"), []byte(setup+"\nspacedrive() { printf 'GOT'; printf '{%s}' \"$@\"; printf '\\n'; }\nPS1='> '\n"), 0o644); err != nil {
		s.Fatal(err)
	}
	c := s.command(shell, args...)
	tty, err := pty.StartWithSize(c, &pty.Winsize{Rows: 500, Cols: 500})
	if err != nil {
		s.Fatal(err)
	}
	k := &typist{stage: s, tty: tty, list: list, written: make(chan string, 64)}
	go k.read()
	s.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = tty.Close()
		for range k.written { // until read has ended
		}
	})
	k.keys(". ./setup; echo REA''DY\n")
	k.until("READY")
	return k
}

func (k *typist) keys(text string) {
	k.Helper()
	if _, err := k.tty.WriteString(text); err != nil {
		k.Fatal(err)
	}
}

// until returns what the shell writes up to a text, without carriage returns.
func (k *typist) until(text string) string {
	k.Helper()
	deadline := time.After(patience)
	for {
		if before, after, ok := strings.Cut(k.seen, text); ok {
			k.seen = after
			return before
		}
		select {
		case part, ok := <-k.written:
			if !ok {
				k.Fatalf("the shell has ended; no %q in %q", text, k.seen)
			}
			k.seen += strings.ReplaceAll(part, "\r", "")
		case <-deadline:
			k.Fatalf("no %q in %q", text, k.seen)
		}
	}
}

// read passes on what the shell writes, until the terminal is closed.
func (k *typist) read() {
	defer close(k.written)
	buf := make([]byte, 4096)
	for {
		n, err := k.tty.Read(buf)
		if err != nil {
			return
		}
		k.written <- string(buf[:n])
	}
}

// clearLine has the shell forget its line. It is Ctrl-K: Ctrl-U, as Ctrl-D, is
// the terminal's own while the shell has it print a line.
const clearLine = "\x0b"

// inserted returns the line after Tab.
func (k *typist) inserted(line string) string {
	k.Helper()
	k.keys(clearLine + line + "\t\x0f")
	k.until("[[")
	return k.until("]]\n")
}

// listed returns what the shell writes when it is asked what there is.
func (k *typist) listed(line string) string {
	k.Helper()
	k.keys(clearLine + line + k.list + "\x0f")
	out := k.until("[[")
	k.until("]]\n")
	return strings.ReplaceAll(out, line, "")
}

func (k *typist) testTyping() {
	k.Helper()
	for _, test := range typing {
		k.eventually(func() string {
			if test.want != "" {
				if got := k.inserted(test.line); got != test.want {
					return "Tab makes " + got + " of " + test.line + ", want " + test.want
				}
				return ""
			}
			out := k.listed(test.line)
			for _, word := range test.offer {
				if !strings.Contains(out, word) {
					return test.line + ": no " + word + " is offered, but " + out
				}
			}
			for _, word := range test.never {
				if strings.Contains(out, word) {
					return test.line + ": " + word + " is offered"
				}
			}
			return ""
		})
	}
}

// testNames completes each library's name from its first characters, with each
// kind of quote, runs the line, and sees which word the program gets.
func (k *typist) testNames(names []string) {
	k.Helper()
	for _, name := range names {
		for quote, begin := range map[string]string{"": begun(name), `"`: dquoted(name), "'": squoted(name)} {
			if quote == `"` && strings.Contains(name, "!") {
				continue // no shell can have it there: it is the history's
			}
			k.eventually(func() string {
				typed := "spacedrive library info " + quote + begin
				line := k.inserted(typed)
				if line == typed { // Enter would go on in the quote
					return "nothing is inserted after " + typed
				}
				k.keys("\n")
				k.until("GOT{")
				got := k.until("}\n")
				if got != "library}{info}{"+name {
					return name + " after " + quote + begin + " becomes " + line + ", and the words {" + got + "}"
				}
				return ""
			})
		}
	}
}

// The first character of a name, as one types it within a kind of quotes, or
// without any.
func begun(name string) string {
	if strings.ContainsRune("$`~#*\"' ", rune(name[0])) {
		return `\` + name[:1]
	}
	return string([]rune(name)[:1])
}

func dquoted(name string) string {
	if strings.ContainsRune("$`\"", rune(name[0])) {
		return `\` + name[:1]
	}
	return string([]rune(name)[:1])
}

func squoted(name string) string { return string([]rune(name)[:1]) }
