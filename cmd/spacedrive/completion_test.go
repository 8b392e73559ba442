package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/packaging/completion"
)

// shell returns the path of a shell, or skips the test. COMPLETION=required, as
// in CI, has it fail instead.
func shell(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("COMPLETION") == "required" {
			t.Fatalf("%s is not installed, and COMPLETION=required", name)
		}
		t.Skipf("SKIPPED, NOT TESTED: %s is not installed; with COMPLETION=required this fails", name)
	}
	return path
}

func TestTheScriptsAreTheGoldenOnes(t *testing.T) {
	for _, name := range completion.Shells {
		script, err := completion.Script(name, model())
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("completion", "spacedrive."+name), []byte(script))
	}
	if _, err := completion.Script("tcsh", model()); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
		t.Errorf("of a shell that there is no script for: %v", err)
	}
}

func TestTheScriptsParse(t *testing.T) {
	for name, check := range map[string][]string{
		"bash": {"shellcheck", "--norc"}, "zsh": {"zsh", "-n"}, "fish": {"fish", "--no-execute"},
	} {
		program := shell(t, check[0])
		out, err := exec.Command(program, append(check[1:], goldenPath(filepath.Join("completion", "spacedrive."+name)))...).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// A scene of a daemon with names that a shell could stumble over.
var awkwardNames = []string{"Home", "My Photos", "$(touch pwned)", "a b;c&d", `it's "quoted"`, "`touch pwned`", "Größe 日本", "x=y:z", "~tilde", "#hash", "*", "100% {a,b} [c]", "wow!cool"}

func awkwardScene(t *testing.T) *stage {
	s := newStage(t)
	s.run("spacedrive", "start")
	for _, name := range awkwardNames {
		s.run("spacedrive", "library", "create", name)
	}
	s.run("spacedrive", "library", "create", "--", "--no-option")
	s.mkdir("tree/Documents", "tree/more docs", "tree/"+"odd\xffname", "tree/new\nline")
	s.run("spacedrive", "--library", "Home", "-q", "location", "add", "tree/Documents")
	s.run("spacedrive", "--library", "Home", "-q", "location", "add", "tree/more docs")
	s.run("spacedrive", "--library", "Home", "-q", "location", "add", "tree/odd\xffname")
	s.run("spacedrive", "--library", "Home", "-q", "location", "add", "tree/new\nline", "--name=--yes")
	s.run("spacedrive", "library", "use", "Home")
	return s
}

// typing are what is inserted in a line when Tab is pressed, or with a list
// what is offered, in every shell.
var typing = []struct {
	line  string
	want  string   // as the line becomes
	offer []string // among others
	never []string
}{
	{line: "spacedrive loca", want: "spacedrive location "},
	{line: "true; spacedrive loca", want: "true; spacedrive location "},
	{line: "X=1 spacedrive library info H", want: "X=1 spacedrive library info Home "},
	{line: "echo x | spacedrive loca", want: "echo x | spacedrive location "},
	{line: "$PROGRAMS/spacedrive library info H", want: "$PROGRAMS/spacedrive library info Home "},
	{line: "spacedrive --json library ren", want: "spacedrive --json library rename "},
	{line: "spacedrive location add --no-w", want: "spacedrive location add --no-wait "},
	{line: "spacedrive search --sort rel", want: "spacedrive search --sort relevance "},
	{line: "spacedrive events --type LibraryCr", want: "spacedrive events --type LibraryCreated "},
	{line: "spacedrive library info Hom", want: "spacedrive library info Home "},
	{line: "spacedrive --library My", want: `spacedrive --library My\ Photos `},
	{line: "spacedrive location rescan Docu", want: "spacedrive location rescan Documents "},
	{line: "spacedrive location rescan od", want: "spacedrive location rescan odd\uFFFDname "},
	{line: "spacedrive --library=My", want: `spacedrive --library=My\ Photos `},
	{line: "spacedrive library info x=", want: "spacedrive library info x=y:z "},
	{line: "spacedrive --config $HOME/con", want: "spacedrive --config $HOME/config/"},
	{line: "spacedrive --data-dir \"$HOME\"/x/spacedrive library info Hom", want: "spacedrive --data-dir \"$HOME\"/x/spacedrive library info Home "},
	{line: "spacedrive --data-dir ~/x/spacedrive library info Hom", want: "spacedrive --data-dir ~/x/spacedrive library info Home "},
	{line: "spacedrive --data-dir /nowhere library info Hom", want: "spacedrive --data-dir /nowhere library info Hom"},
	{line: "spacedrive search --size +1M -- --li", want: "spacedrive search --size +1M -- --li"},
	{line: "spacedrive methods core.sta", want: "spacedrive methods core.status "},
	{line: "spacedrive search --kind fold", want: "spacedrive search --kind folder "},
	{line: "spacedrive --instance def", want: "spacedrive --instance default "},
	{line: "spacedrive location add tree/Docu", want: "spacedrive location add tree/Documents/"},
	{line: "spacedrive location add tree/more", want: `spacedrive location add tree/more\ docs/`},
	{line: "spacedrive --socket no-such-socket library info H", want: "spacedrive --socket no-such-socket library info H"},
	{line: "spacedrive --host ssh://nowhere library info H", want: "spacedrive --host ssh://nowhere library info H"},
	{line: "spacedrive --data-dir $(touch pwned) library info H", want: "spacedrive --data-dir $(touch pwned) library info H"},
	{line: "spacedrive ", offer: []string{"quickstart", "location", "completion", "version"}, never: []string{"manual", "complete\n", "Home"}},
	{line: "spacedrive library ", offer: []string{"create", "use"}, never: []string{"quickstart", "rescan"}},
	{line: "spacedrive search --s", offer: []string{"--size", "--sort", "--socket", "--ssh"}, never: []string{"--foreground", "--limit"}},
	{line: "spacedrive debug ", offer: []string{"bundle", "metrics", "show"}},
	{line: "spacedrive debug --g", want: "spacedrive debug --goroutines "},
	{line: "spacedrive library info ", offer: []string{"Home", "Photos"}, never: []string{"--no-option"}},
	{line: "spacedrive job show ", offer: []string{"-"}},
	{line: "spacedrive location remove ", offer: []string{"Documents", "more"}, never: []string{"--yes"}},
}

// injected reports whether a name was run as a command.
func injected(t *testing.T, s *stage) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(s.dir, "pwned")); err == nil {
		t.Error("a name was run as a command")
	}
}

func TestBashCompletes(t *testing.T) {
	s := awkwardScene(t)
	b := s.terminal(shell(t, "bash"), []string{"--norc", "--noprofile", "-i"}, `
set +o history
source spacedrive.bash
bind 'set completion-query-items 0'; bind 'set page-completions off'; bind 'set bell-style none'
bind 'set enable-bracketed-paste off'; bind 'set colored-stats off'
show() { printf '\n[[%s]]\n' "$READLINE_LINE"; }
bind -x '"\C-o": show'
bind '"\C-k": kill-whole-line'
`, "\x1b?")
	b.testTyping()
	b.testNames(awkwardNames)
	injected(t, s)
}

func TestZshCompletes(t *testing.T) {
	s := awkwardScene(t)
	z := s.terminal(shell(t, "zsh"), []string{"-f", "-i"}, `
unsetopt prompt_sp prompt_cr zle_bracketed_paste list_beep beep 2>/dev/null
unset zle_bracketed_paste
fpath=($PWD/functions $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' list-prompt ''
LISTMAX=10000
show() { zle -I; print -r -- $'\n'"[[$BUFFER]]" }
zle -N show; bindkey '^O' show
bindkey '^B' list-choices; bindkey '^I' expand-or-complete; bindkey '^K' kill-whole-line
`, "\x02")
	z.testTyping()
	z.testNames(awkwardNames)
	injected(t, s)
}

func TestFishCompletes(t *testing.T) {
	s := awkwardScene(t)
	fish := shell(t, "fish")
	complete := func(line string) string {
		out, err := s.command(fish, "--no-config", "-c", "source spacedrive.fish; complete -C $argv[1]", line).Output()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return string(out)
	}
	for _, test := range typing {
		word := test.line[strings.LastIndexByte(test.line, ' ')+1:]
		want := test.offer
		if test.want != "" && strings.TrimSpace(test.want) != test.line {
			fields := strings.Split(strings.TrimSpace(strings.ReplaceAll(test.want, `\ `, "\x00")), " ")
			want = []string{strings.ReplaceAll(fields[len(fields)-1], "\x00", " ")}
		}
		s.eventually(func() string {
			out := complete(test.line)
			for _, w := range want {
				if !strings.Contains(out, w) {
					return test.line + " offers no " + w + " but " + out
				}
			}
			for _, n := range test.never {
				if strings.Contains("\n"+out, "\n"+n) {
					return test.line + " offers " + n
				}
			}
			if len(want) == 0 && strings.Contains(out, word+"ome") {
				return test.line + " offers " + out
			}
			return ""
		})
	}
	// A name comes out of fish as it went in.
	for _, name := range awkwardNames {
		s.eventually(func() string {
			out, err := s.command(fish, "--no-config", "-c", `source spacedrive.fish
for c in (complete -C --escape "spacedrive library info ")
    set -l word (string split \t -- $c)[1]
    eval "printf '{%s}' $word"
end`).Output()
			if err != nil || !bytes.Contains(out, []byte("{"+name+"}")) {
				return name + " is not in " + string(out)
			}
			return ""
		})
	}
	injected(t, s)
}
