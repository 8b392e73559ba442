package completion

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// toy is a program with all that a grammar can have, and help that a shell
// could stumble over.
type toy struct {
	Quiet bool   `short:"q" help:"It's \"quiet\": $(touch pwned) [really]; 100% \\o/."`
	Where string `complete:"dir" help:"A folder."`
	Cut   struct {
		How   string   `short:"f" enum:",fast,slow" default:"" help:"How to cut."`
		Tool  []string `complete:"tools" help:"With what."`
		Thing string   `arg:"" complete:"things,dir"`
		Rest  []string `arg:"" optional:"" enum:"one,other" default:"one"`
		Old   bool     `hidden:""`
	} `cmd:"" help:"Cut: it's $HOME [here]."`
	Tree struct {
		Plant struct {
			Deep bool   `help:"Deeply."`
			Kind string `arg:"" enum:"oak,fir"`
		} `cmd:"" help:"Plant one."`
		Look struct {
			Far bool `help:"Further."`
		} `cmd:"" default:"withargs" help:"Look at all."`
	} `cmd:"" help:"Grow trees."`
	Secret struct{} `cmd:"" hidden:""`
}

// stage writes the scripts into a folder, beside a program toy that knows of
// things, and returns the folder.
func stage(t *testing.T) string {
	t.Helper()
	k, err := kong.New(new(toy), kong.Name("toy"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range Shells {
		script, err := Script(name, k.Model)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "toy."+name), []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// It prints the kind, and the words that it got.
	program := "#!/bin/sh\n[ \"$1\" = complete ] || exit 1\nshell=$2 kind=$3\nshift 4\nprintf '%s-of' \"$kind\"\nprintf '{%s}' \"$@\"\necho\n"
	if err := os.WriteFile(filepath.Join(dir, "toy"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func shell(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("COMPLETION") == "required" {
			t.Fatalf("%s is not installed, and COMPLETION=required", name)
		}
		t.Skipf("SKIPPED, NOT TESTED: %s is not installed; with COMPLETION=required this fails", name)
	}
	c := exec.Command(path, args...)
	c.Dir, c.Env = dir, []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "TERM=dumb"}
	return c
}

func TestTheScriptsParse(t *testing.T) {
	dir := stage(t)
	for _, command := range [][]string{
		{"bash", "-n", "toy.bash"}, {"shellcheck", "--norc", "toy.bash"}, {"zsh", "-n", "toy.zsh"}, {"fish", "--no-execute", "toy.fish"},
	} {
		if out, err := shell(t, dir, command[0], command[1:]...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%q: %v\n%s", command, err, out)
		}
	}
}

func TestAShellThatIsNotKnown(t *testing.T) {
	k, err := kong.New(new(toy))
	if err != nil {
		t.Fatal(err)
	}
	if script, err := Script("csh", k.Model); err == nil {
		t.Errorf("for csh there is %q", script)
	}
}

// What fits at the end of a line. In bash it is cut into words as bash does it.
var lines = []struct {
	words []string // the last one is being typed
	want  []string
}{
	{[]string{"toy", ""}, []string{"cut", "tree"}},
	{[]string{"toy", "-q", "c"}, []string{"cut"}},
	{[]string{"toy", "--q"}, []string{"--quiet"}},
	{[]string{"toy", "--where", "x", "tr"}, []string{"tree"}},
	{[]string{"toy", "cut", "--h"}, []string{"--help", "--how"}},
	{[]string{"toy", "cut", "--o"}, nil},
	{[]string{"toy", "cut", "-f", ""}, []string{"fast", "slow"}},
	{[]string{"toy", "cut", "--how", "s"}, []string{"slow"}},
	{[]string{"toy", "cut", "--how", "=", "f"}, []string{"fast"}},
	{[]string{"toy", "cut", "--how", "="}, []string{"fast", "slow"}},
	{[]string{"toy", "cut", "x", "o"}, []string{"one", "other"}},
	{[]string{"toy", "cut", "x", "one", "ot"}, []string{"other"}},
	{[]string{"toy", "cut", "--", "--x", "ot"}, []string{"other"}},
	{[]string{"toy", "cut", "--", "--", "ot"}, []string{"other"}},
	{[]string{"toy", "tree", ""}, []string{"look", "plant"}},
	{[]string{"toy", "tree", "--f"}, []string{"--far"}},
	{[]string{"toy", "tree", "plant", "o"}, []string{"oak"}},
	{[]string{"toy", "tree", "plant", "oak", "o"}, nil},
	{[]string{"toy", "--where", "tree", "t"}, []string{"tree"}},
}

func TestBash(t *testing.T) {
	dir := stage(t)
	ask := func(words ...string) []string {
		line := strings.NewReplacer(" = ", "=", " =", "=").Replace(strings.Join(words, " "))
		c := shell(t, dir, "bash", append([]string{"--norc", "-uc", `source ./toy.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$line COMP_POINT=${#line}
_toy toy "${COMP_WORDS[COMP_CWORD]}" ''
for word in ${COMPREPLY[@]+"${COMPREPLY[@]}"}; do printf '%s\n' "$word"; done`, "bash"}, words...)...)
		c.Env = append(c.Env, "line="+line)
		var errs bytes.Buffer
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil || errs.Len() > 0 {
			t.Fatalf("%q: %v\n%s", words, err, errs.String())
		}
		return strings.FieldsFunc(string(out), func(c rune) bool { return c == '\n' })
	}
	for _, test := range lines {
		got := ask(test.words...)
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("after %q there are %q, want %q", test.words, got, test.want)
		}
	}
	for _, test := range []struct {
		words []string
		want  string
	}{
		{[]string{"toy", "cut", "--tool", ""}, "tools-of{toy}{cut}{--tool}{}"},
		{[]string{"toy", "cut", "--tool", "=", "$(touch pwned)"}, "tools-of{toy}{cut}{$(touch pwned)}"},
		{[]string{"toy", "--where", `"$(touch pwned)"`, "cut", "a*b"}, `things-of{toy}{--where}{"$(touch pwned)"}{cut}{a*b}`},
	} {
		if got := ask(test.words...); len(got) != 1 || got[0] != test.want {
			t.Errorf("after %q the program is asked for %q, want %q", test.words, got, test.want)
		}
	}
	notRun(t, dir)
}

func TestFish(t *testing.T) {
	dir := stage(t)
	ask := func(line string) string {
		out, err := shell(t, dir, "fish", "--no-config", "-c", "source toy.fish; complete -C $argv[1]", line).Output()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return string(out)
	}
	for _, test := range lines {
		line := strings.NewReplacer(" = ", "=", " =", "=").Replace(strings.Join(test.words, " "))
		option, _, _ := strings.Cut(line[strings.LastIndexByte(line, ' ')+1:], "=")
		var got []string
		for candidate := range strings.Lines(ask(line)) {
			word, _, _ := strings.Cut(strings.TrimSuffix(candidate, "\n"), "\t")
			got = append(got, strings.TrimPrefix(word, option+"="))
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("after %q there are %q, want %q", line, got, test.want)
		}
	}
	for line, want := range map[string]string{
		"toy --qu":                             "--quiet\tIt's \"quiet\": $(touch pwned) [really]; 100% \\o/\n",
		"toy cu":                               "cut\tCut: it's $HOME [here]\n",
		"toy cut --tool t":                     "tools-of{toy}{cut}{--tool}{t}\tWith what\n",
		"toy --where '(touch pwned)' cut thin": "things-of{toy}{--where}{(touch pwned)}{cut}{thin}\n",
	} {
		if got := ask(line); got != want {
			t.Errorf("after %q there is %q, want %q", line, got, want)
		}
	}
	notRun(t, dir)
}

func notRun(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("a part of the line, or of the help, was run as a command")
	}
}
