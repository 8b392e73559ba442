package readme

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T) []string {
	t.Helper()
	markdown, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return Commands(string(markdown))
}

// Each block is run somewhere, or it would rot unseen.
func TestEveryBlockIsRunByATest(t *testing.T) {
	var who []string
	for _, block := range read(t) {
		switch {
		case strings.Contains(block, "apt install"):
			who = append(who, "contrib/systemd-lab/packaged")
		case strings.Contains(block, "systemctl"), strings.Contains(block, "service uninstall"):
			who = append(who, "contrib/systemd-lab")
		case strings.Contains(block, "bin/spacedrive"):
			who = append(who, "the test below")
		case block == ".ci/run":
			who = append(who, "whoever runs this test by it")
		default:
			t.Errorf("nobody runs %q", block)
		}
	}
	want := []string{"contrib/systemd-lab/packaged", "the test below", "the test below", "the test below", "whoever runs this test by it", "contrib/systemd-lab", "contrib/systemd-lab"}
	if !slices.Equal(who, want) {
		t.Errorf("the blocks are run by %q, want %q", who, want)
	}
}

// As on a machine that has Go and this repository, and nothing of ours yet.
func TestTheFirstCommandsBuildIndexAndFind(t *testing.T) {
	repository := t.TempDir()
	if err := copyTree(repository, "../.."); err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: a socket's path has to be short.
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	for i := range 50 {
		dir := filepath.Join(home, fmt.Sprintf("year %d", 2000+i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for j := range 40 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("report-%d.txt", j)), []byte("text"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	env := environment(t, home)
	sh := func(script string) string {
		cmd := exec.Command("sh", "-euc", script)
		cmd.Dir, cmd.Env = repository, env
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v\n%s%s", script, err, out.Bytes(), errs.Bytes())
		}
		return out.String()
	}
	blocks := read(t)[1:] // the first is about a package
	t.Cleanup(func() { sh("bin/spacedrive stop") })
	// Go keeps a few files of its own in a home folder.
	if summary := sh(blocks[0]); !regexp.MustCompile(`files +2,0\d\d\n`).MatchString(summary) {
		t.Errorf("the summary does not tell of some 2,000 files:\n%s", summary)
	}
	if found := sh(blocks[1]); !strings.Contains(found, filepath.Join(home, "year 2007", "report-")) {
		t.Errorf("the search finds\n%s", found)
	}
	sh(blocks[2])
	if version := sh("~/.local/bin/spacedrive --data-dir ~/.local/share/spacedrive status"); !strings.Contains(version, "pid") {
		t.Errorf("the installed program says\n%s", version)
	}
	sh(fromSource(t))
}

// fromSource returns the commands that docs/install.md has for this.
func fromSource(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range Blocks(string(page)) {
		if b.Note == "source" {
			// With data of its own: the whole home folder is indexed already.
			return "export PATH=~/.local/bin:$PATH XDG_DATA_HOME=~/other\nmkdir -p ~/Documents\n" + b.Text + "\nspacedrive stop"
		}
	}
	t.Fatal("docs/install.md has no block for it")
	return ""
}

// environment has what Go needs from this one, and home for all else.
func environment(t *testing.T, home string) []string {
	t.Helper()
	env := []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOFLAGS", "GOTOOLCHAIN"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return env
}

// copyTree copies the repository without what is built or kept beside it.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case name == ".git" || name == "bin" || name == "dist":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o755)
	})
}
