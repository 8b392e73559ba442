package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestTheCommandsInTheDocs runs every shell command in docs/protocol.md and
// docs/recipes.md and compares what it prints with the text below it, in which
// … stands for anything. Where RECIPES=required, a missing tool is a failure.
func TestTheCommandsInTheDocs(t *testing.T) {
	t.Run("protocol.md", func(t *testing.T) {
		runRecipes(t, newHome(t), "protocol.md") // to a daemon that has done nothing yet
	})
	t.Run("recipes.md", func(t *testing.T) {
		h := newHome(t)
		conn := dial(t, h.socket)
		h.bound["019a0b44-9a77-7c31-8f5d-0c6b8e2a7d55"] = get(conn.ok(`{"type":"action","method":"libraries.create","payload":{"name":"Home"}}`), "id")
		conn.ok(`{"type":"action","method":"locations.add","payload":{"path":"%s"}}`, filepath.Join(h.dir, "Photos"))
		h.awaitJobs()
		runRecipes(t, h, "recipes.md")
	})
}

func runRecipes(t *testing.T, h *home, doc string) {
	setup, ran := "", 0
	blocks := readDoc(t, doc)
	for i, b := range blocks {
		switch {
		case b.Kind != "sh":
			continue
		case strings.HasPrefix(b.Text, "sock=") && !strings.Contains(b.Text, "\n"):
			setup = b.Text + "\n"
			continue
		case i+1 == len(blocks) || blocks[i+1].Kind != "text":
			t.Errorf("%s:%d: nothing says what this prints", doc, b.Line)
			continue
		}
		ran++
		t.Run(strings.Fields(b.Text)[0], func(t *testing.T) {
			needTools(t, b.Text)
			h.t = t
			want := h.pattern(strings.TrimSuffix(strings.ReplaceAll(blocks[i+1].Text+"\n", "…\n", "…"), "\n"))
			if b.Note == "endless" {
				h.runUntil(setup+b.Text, want)
				return
			}
			cmd := h.shell(setup + b.Text)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s:%d: %v\n%s%s", doc, b.Line, err, out, errs.Bytes())
			}
			if !h.fits(want, strings.TrimSuffix(string(out), "\n")) {
				t.Errorf("%s:%d prints\n%s%s\nand not\n%s", doc, b.Line, out, errs.Bytes(), blocks[i+1].Text)
			}
		})
	}
	if ran == 0 {
		t.Error("no commands")
	}
}

// tools are what a script may need.
var tools = regexp.MustCompile(`\b(nc|ncat|socat|jq|python3|base64|xargs)\s`)

func needTools(t *testing.T, script string) {
	t.Helper()
	for _, m := range tools.FindAllStringSubmatch(script, -1) {
		_, err := exec.LookPath(m[1])
		if m[1] == "nc" && err == nil {
			usage, _ := exec.Command("nc", "-h").CombinedOutput()
			if !bytes.Contains(usage, []byte("OpenBSD")) {
				t.Skip("NOT TESTED: nc is not OpenBSD's")
			}
		}
		switch {
		case err == nil:
		case os.Getenv("RECIPES") == "required" && m[1] != "ncat": // which the docs mention once
			t.Fatalf("%s is not installed", m[1])
		default:
			t.Skipf("NOT TESTED: %s is not installed", m[1])
		}
	}
}

func (h *home) shell(script string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*patience)
	h.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", script)
	cmd.Env = append(os.Environ(), "HOME="+h.dir, "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = patience
	return cmd
}

// runUntil runs a script that does not end by itself until it has printed
// what is wanted, while a client renames the library now and then.
func (h *home) runUntil(script string, want pattern) {
	h.t.Helper()
	cmd := h.shell(script)
	out := new(lockedBuffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	defer func() {
		_ = cmd.Cancel()
		_ = cmd.Wait()
	}()
	conn := dial(h.t, h.socket)
	library := h.bound["019a0b44-9a77-7c31-8f5d-0c6b8e2a7d55"]
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !h.fits(want, strings.TrimSuffix(out.String(), "\n")); <-tick.C {
		if time.Now().After(deadline) {
			h.t.Fatalf("prints\n%s\nand not\n%s", out, want.text)
		}
		conn.ok(`{"type":"action","method":"libraries.rename","library_id":"%s","payload":{"new_name":"Home"}}`, library)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
