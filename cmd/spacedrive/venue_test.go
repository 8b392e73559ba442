package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
)

// buildPrograms builds both programs where another user may run them.
func buildPrograms(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bin")
	if err == nil {
		err = os.Chmod(dir, 0o755) // #nosec G302 -- ann runs them
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for folder, flags := range map[string]string{"": "", "old/": "-X github.com/spacedrive-go/spacedrive/protocol/version.release=0.9.0"} {
		build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", flags, "-o", dir+"/"+folder, ".", "../spacedrived")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	return dir
}

// A venue is where a scene takes place.
type venue struct {
	t    *testing.T
	s    scene
	root bool
	home string
	bin  string // of this venue
}

const ann = 65534 // nobody, where root runs the tests

func newScene(t *testing.T, bin string, s scene) *venue {
	top, err := os.MkdirTemp("", "ops") // not t.TempDir: a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	h := &venue{t: t, s: s, root: os.Getuid() == 0, home: filepath.Join(top, "ann"), bin: filepath.Join(top, "bin")}
	t.Cleanup(func() { h.end(top) })
	if s.root != "" && !h.root {
		t.Skip("NOT TESTED: it takes root to bring this about")
	}
	for _, tool := range s.tools {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("RECIPES") == "required" {
			t.Fatalf("%s is not installed", tool)
		} else if err != nil {
			t.Skipf("NOT TESTED: %s is not installed", tool)
		}
	}
	folder := bin
	if strings.Contains(t.Name(), "upgraded") {
		folder = filepath.Join(bin, "old")
	}
	for _, dir := range []string{top, h.home, h.bin} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		_ = os.Chmod(dir, 0o755)
	}
	if h.root {
		if err := os.Chown(h.home, ann, ann); err != nil {
			t.Fatal(err)
		}
	}
	h.link(folder)
	h.mustRun(s.setup)
	if s.root != "" {
		h.asRoot(s.root)
	}
	h.mustRun(s.after)
	if folder != bin { // it is upgraded now
		h.link(bin)
	}
	return h
}

// link has the stage's programs be those in a folder.
func (h *venue) link(folder string) {
	h.t.Helper()
	for _, name := range []string{"spacedrive", "spacedrived"} {
		_ = os.Remove(filepath.Join(h.bin, name))
		if err := os.Link(filepath.Join(folder, name), filepath.Join(h.bin, name)); err != nil {
			h.t.Fatal(err)
		}
	}
}

// symptomAndFix runs the commands of an entry, then its fix, after which the
// first command says something else and doctor finds nothing.
func (h *venue) symptomAndFix(b readme.Block, fix, also string) {
	steps := readme.Session(b)
	for _, step := range steps {
		if out, _ := h.run(step.Command); !step.Fits(out) {
			h.t.Errorf("operations.md:%d: %s prints\n%s\nand not\n%s", step.Line, step.Command, out, step.Output)
		}
	}
	if also == "corrected" { // the fix is to give another command
		h.mustRun(fix)
		return
	}
	var own strings.Builder
	for line := range strings.Lines(fix) {
		if as, ok := strings.CutPrefix(line, "sudo "); ok {
			h.asRoot(as)
			continue
		}
		own.WriteString(line)
	}
	h.mustRun(own.String())
	mended := ""
	if h.s.env != "" { // which only this shell forgets
		mended = own.String() + "\n"
	}
	// A failure to open is repeated for a second before it is tried again.
	for deadline := time.Now().Add(patience); ; {
		out, _ := h.run(mended + steps[0].Command)
		if !steps[0].Fits(out) {
			break
		}
		if time.Now().After(deadline) {
			h.t.Errorf("operations.md:%d: after the fix, %s still prints\n%s", b.Line, steps[0].Command, out)
			break
		}
	}
	if out, err := h.run(mended + "spacedrive doctor"); err != nil {
		h.t.Errorf("operations.md:%d: after the fix, doctor finds (%v)\n%s", b.Line, err, out)
	}
}

func (h *venue) mustRun(script string) {
	h.t.Helper()
	if out, err := h.run(script); err != nil {
		h.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// run runs a script as ann, in her home, and returns what it prints as the page
// has it.
func (h *venue) run(script string) (string, error) {
	return h.shell("cd\n"+h.s.env+script, h.root)
}

func (h *venue) asRoot(script string) {
	h.t.Helper()
	script = strings.ReplaceAll(script, " ann:", fmt.Sprintf(" %d:%d", ann, ann))
	if out, err := h.shell(script, false); err != nil {
		h.t.Fatalf("as root: %s: %v\n%s", script, err, out)
	}
}

func (h *venue) shell(script string, drop bool) (string, error) {
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	args := []string{"sh", "-euc", h.real(script)}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{"HOME=" + h.home, "PATH=" + h.bin + ":" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if drop {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: ann, Gid: ann}
	}
	// What takes so long is to say where it is.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGQUIT) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second // a detached daemon has no pipe of ours
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return h.shown(out.String()), err
}

// real returns a text of the page as it is here, shown the reverse.
func (h *venue) real(text string) string {
	return strings.ReplaceAll(text, "/home/", filepath.Dir(h.home)+"/")
}

var chowned = regexp.MustCompile(`(chown -R )[^ ]+:`)

func (h *venue) shown(text string) string {
	text = strings.ReplaceAll(text, h.bin, "/usr/bin")
	text = strings.ReplaceAll(text, filepath.Dir(h.home), "/home")
	if u, err := user.Current(); err == nil && !h.root {
		text = strings.ReplaceAll(text, u.Username+" (uid", "ann (uid")
	}
	text = strings.ReplaceAll(text, "nobody (uid", "ann (uid")
	return chowned.ReplaceAllString(text, "${1}ann:")
}

// end kills what still runs of this venue's programs, and removes it.
func (h *venue) end(top string) {
	exes, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range exes {
		if target, err := os.Readlink(exe); err == nil && strings.HasPrefix(target, h.bin+"/") {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(exe))); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	_ = exec.Command("umount", "--lazy", filepath.Join(h.home, ".local/share")).Run() // where a scene has mounted it
	for deadline := time.Now().Add(patience); os.RemoveAll(top) != nil && time.Now().Before(deadline); {
	}
}
