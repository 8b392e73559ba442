// Package manual writes man pages. Commands, arguments, options and their help
// come from kong's model of a command line, so that a page cannot differ from the
// program; the prose is a Text in Markdown, which the program's help uses too.
//
// Start with Edition.Program, which makes the pages of a program, one for each
// command; Edition.File makes the page of a file. Write puts them where man(1)
// looks.
package manual

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// An Edition is what the pages of one release have in common.
type Edition struct {
	Version string
	Date    time.Time // of the release; zero where it is not known
	Texts   map[string]Text
}

// A Page is a man page.
type Page struct {
	Name    string
	Section int
	Text    []byte
}

// File returns the page's place below a folder such as /usr/share/man.
func (p Page) File() string {
	return fmt.Sprintf("man%d/%s.%[1]d", p.Section, p.Name)
}

// Write writes pages below a folder such as /usr/share/man.
func Write(dir string, pages []Page) error {
	for _, p := range pages {
		path := filepath.Join(dir, p.File())
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, p.Text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Program makes the page of a program in the section, and in section 1 those of
// its commands: a page each, with all below it.
func (e Edition) Program(app *kong.Application, section int) []Page {
	pages := []Page{e.page(app.Node, section)}
	for _, command := range visible(app.Children) {
		pages = append(pages, e.page(command, 1))
	}
	return pages
}

// File makes the page of a file.
func (e Edition) File(t Text) Page {
	r := e.begin(t.Name, 5, t.Summary)
	r.description(t, nil)
	r.end(t)
	return Page{t.Name, 5, r.page()}
}

func (e Edition) page(node *kong.Node, section int) Page {
	t := e.Texts[node.FullPath()]
	name := strings.ReplaceAll(node.FullPath(), " ", "-")
	program := node.Parent == nil
	below := visible(node.Children)
	r := e.begin(name, section, t.Summary)

	r.macro("SH", "SYNOPSIS")
	if program || len(below) == 0 {
		r.WriteString(usage(node) + "\n")
	} else {
		var usages []string
		for _, sub := range below {
			usages = append(usages, usage(sub))
		}
		r.WriteString(strings.Join(usages, "\n.br\n") + "\n")
	}
	r.description(t, below)
	if len(node.Flags)+len(node.Positional) > 0 {
		r.macro("SH", "OPTIONS")
		r.options(node)
	}
	if len(below) > 0 {
		r.macro("SH", "COMMANDS")
	}
	var related []string
	for _, sub := range below {
		if program {
			r.tag(bold(name+"-"+sub.Name)+"(1)", e.Texts[sub.FullPath()].Summary)
			related = append(related, name+"-"+sub.Name+"(1)")
			continue
		}
		r.macro("SS", strings.Join(append([]string{path(sub)}, arguments(sub)...), " "))
		r.text(sub.Help + "\n\n" + t.Section(title(sub)))
		r.options(sub)
	}
	if !program {
		root := e.Texts[node.Parent.FullPath()]
		r.macro("SH", "GLOBAL OPTIONS")
		r.text("Those of every command are described in " + root.Name + "(1):\n" + optionNames(node.Parent) + ".")
		status := strings.TrimPrefix(t.Section(ExitStatus)+"\n\n"+root.Section(ExitStatus), "\n\n")
		t.Sections = append([]Section{{ExitStatus, status}}, t.Sections...)
		related = []string{root.Name + "(1)"}
	}
	r.end(t, related...)
	return Page{name, section, r.page()}
}

// begin writes a page's head. Lines are not justified and words not hyphenated, since
// they may be commands; HY is what groff sets .hy to at each heading.
func (e Edition) begin(name string, section int, about string) *roff {
	date := ""
	if !e.Date.IsZero() {
		date = e.Date.UTC().Format(time.DateOnly)
	}
	about = strings.TrimSuffix(about, ".")
	r := new(roff)
	r.WriteString(".\\\" Made from the program's own help. Do not edit it here.\n")
	fmt.Fprintf(r, ".TH \"%s\" %d \"%s\" \"%s\" \"Spacedrive\"\n.ad l\n.nr HY 0\n.nh\n", escape(strings.ToUpper(name)), section, date, escape("spacedrive "+e.Version))
	fmt.Fprintf(r, ".SH \"NAME\"\n%s \\- %s\n", escape(name), escape(strings.ToLower(about[:1])+about[1:]))
	return r
}

// description writes the text before the first section, and the sections that are
// neither sections of the page nor about a subcommand.
func (r *roff) description(t Text, below []*kong.Node) {
	r.macro("SH", "DESCRIPTION")
	r.text(cmp.Or(t.Intro, t.Summary))
	others := []string{ExitStatus, Environment, Files, Examples, SeeAlso}
	for _, sub := range below {
		others = append(others, title(sub))
	}
	for _, s := range t.Sections {
		if !slices.Contains(others, s.Title) {
			r.macro("SS", s.Title)
			r.text(s.Body)
		}
	}
}

// end writes the last sections of a page, if the text has them.
func (r *roff) end(t Text, related ...string) {
	for _, title := range []string{ExitStatus, Environment, Files, Examples} {
		if body := t.Section(title); body != "" {
			r.macro("SH", strings.ToUpper(title))
			r.text(body)
		}
	}
	if also := t.Section(SeeAlso); also != "" {
		related = append([]string{also}, related...)
	}
	r.macro("SH", "SEE ALSO")
	r.text(strings.Join(related, ",\n"))
}

// title returns the title of the section that is about a command, in the text
// of the one above: "debug bundle".
func title(node *kong.Node) string {
	_, words, _ := strings.Cut(node.FullPath(), " ")
	return words
}

func visible(nodes []*kong.Node) (shown []*kong.Node) {
	for _, n := range nodes {
		if !n.Hidden {
			shown = append(shown, n)
		}
	}
	return shown
}
