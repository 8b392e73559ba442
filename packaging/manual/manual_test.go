package manual

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// toy is a program with all that a grammar can have, and text that roff could
// take for something else.
type toy struct {
	Quiet bool   `short:"q" help:"Say nothing; not even \"it's done\"."`
	Place string `placeholder:"DIR" help:".dotted, 'quoted' and back\\slashed: C:\\new."`
	Cut   cutCmd `cmd:"" help:"Cut it."`
	Tree  struct {
		Plant plantCmd `cmd:"" help:"Plant one."`
		Look  struct{} `cmd:"" default:"1" help:"Look at all."`
	} `cmd:"" help:"Grow trees."`
	Secret struct{} `cmd:"" hidden:"" help:"Nobody's business."`
}

type cutCmd struct {
	How   string   `enum:"fast, slow" default:"fast" short:"f" help:"How: ${enum}."`
	Times int      `default:"3" help:"How often (default: 3)."`
	Thing []string `arg:"" optional:"" help:"What to cut."`
	Old   bool     `hidden:"" help:"Nobody's business."`
}

const cutText = `# toy cut

Cut
it.

.This line begins with a dot, as does the next,
.and this one. 'This' with a quote, though it's said twice; see cut(1) (or paste(1)).

From --how on:

    cut -f slow 'a b' \
      ~/c^2

## Trees

- ''oak'', ''beech'': Hard. A read-only one -
  and minus -1.
- fir:
  Soft — "evergreen".

## Files

- ''/etc/tool-kit'': Nothing.

## Exit status

- ''9'': Cut off.

## Examples

Cut:

    toy cut --how=slow "a b"

Cut
twice:

    toy cut
    toy cut

## See also

paste(1), cut(1),
join(1)
`

const treeText = `# toy tree

Grow trees.

## tree plant

Digs.

## Examples

Plant here:

    toy tree plant .
`

const toyText = `# toy

Cut and grow.

It does no more.

## Exit status

- ''0'': Done.
- ''2'': Not so.
`

type plantCmd struct {
	Where string `arg:"" help:"Where."`
	Deep  bool   `help:"Deeply."`
}

func parse(markdown string) Text { return Parse(strings.ReplaceAll(markdown, "''", "`")) }

func toyPages(t *testing.T) []Page {
	t.Helper()
	k, err := kong.New(new(toy), kong.Name("toy"), kong.DefaultEnvars("TOY"))
	if err != nil {
		t.Fatal(err)
	}
	e := Edition{Version: "1.2-rc.3", Date: time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC), Texts: make(map[string]Text)}
	for _, text := range []string{toyText, cutText, treeText} {
		e.Texts[parse(text).Name] = parse(text)
	}
	return append(e.Program(k.Model, 1), e.File(parse("# toy.conf\n\nIts file.\n\nText.\n\n## Files\n\n- ''/etc/toy.conf'': It.\n\n## See also\n\ntoy(1)\n")))
}

// What a person reads, and may copy to type it, is what was written.
func TestARenderedPageSaysWhatWasWritten(t *testing.T) {
	var page Page
	for _, p := range toyPages(t) {
		if p.Name == "toy-cut" {
			page = p
		}
	}
	for name, command := range map[string][]string{
		"groff":  {"groff", "-man", "-Tutf8", "-P-c", "-P-b", "-P-o", "-P-u"},
		"mandoc": {"mandoc", "-man", "-T", "utf8"},
	} {
		t.Run(name, func(t *testing.T) {
			c := reader(t, command[0], command[1:]...)
			c.Stdin = bytes.NewReader(page.Text)
			out, err := c.Output()
			if err != nil {
				t.Fatal(err)
			}
			text := string(withoutOverstrikes(out))
			filled := strings.Join(strings.Fields(text), " ")
			for _, want := range []string{
				".This line begins with a dot", ".and this one. This with a quote", "though it's said", "cut -f slow 'a b' \\\n", "  ~/c^2",
				"oak, beech", "read-only one - and minus -1", "Soft — \"evergreen\"", `toy cut --how=slow "a b"`, "toy-cut - cut it", "/etc/tool-kit",
				"paste(1), cut(1), join(1), toy(1)", "How: fast, slow ($TOY_HOW).", "9 Cut off.", "2 Not so.",
			} {
				if !strings.Contains(text, want) && !strings.Contains(filled, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			for _, never := range []string{"business", "TOY_OLD", "secret"} {
				if strings.Contains(text, never) {
					t.Errorf("it says %q", never)
				}
			}
		})
	}
}

// withoutOverstrikes takes out what overstrikes characters to make them bold.
func withoutOverstrikes(text []byte) []byte {
	var out []byte
	for _, r := range string(text) {
		if r == '\b' {
			last := []rune(string(out))
			out = []byte(string(last[:len(last)-1]))
			continue
		}
		out = append(out, string(r)...)
	}
	return out
}

func reader(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("MANUAL") == "required" {
			t.Fatalf("%s is not installed, and MANUAL=required", name)
		}
		t.Skipf("SKIPPED, NOT TESTED: %s is not installed; with MANUAL=required this fails", name)
	}
	return exec.Command(path, args...)
}

func TestReadersFindNoFault(t *testing.T) {
	for _, p := range toyPages(t) {
		for _, command := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-ww", "-z"}} {
			c := reader(t, command[0], command[1:]...)
			c.Stdin = bytes.NewReader(p.Text)
			if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %s: %v\n%s", p.Name, command[0], err, out)
			}
		}
	}
}

func TestExamplesAreTakenOutOfAText(t *testing.T) {
	got := parse(cutText).Examples()
	want := []Example{{"Cut", `toy cut --how=slow "a b"`}, {"Cut twice", "toy cut\ntoy cut"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("they are %q, want %q", got, want)
	}
	if got := parse(toyText).Examples(); len(got) != 0 {
		t.Errorf("in a text without any there are %q", got)
	}
}

func TestPagesAreWrittenWhereManLooks(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, toyPages(t)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"man1/toy.1", "man1/toy-cut.1", "man1/toy-tree.1", "man5/toy.conf.5"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if secret, err := filepath.Glob(filepath.Join(dir, "man*", "*secret*")); err != nil || len(secret) > 0 {
		t.Errorf("a hidden command has the pages %q (%v)", secret, err)
	}
	if err := Write(filepath.Join(dir, "man1/toy.1"), toyPages(t)); err == nil {
		t.Error("pages can be written into a file")
	}
}
