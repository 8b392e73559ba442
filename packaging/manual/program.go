package manual

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// TextOf returns what a command says beyond its Help.
func TextOf(node *kong.Node) Text {
	target := node.Target
	if target.IsValid() && target.CanAddr() {
		if d, ok := target.Addr().Interface().(Documented); ok {
			return Text(d.Manual())
		}
	}
	return ""
}

// Program makes the page of a program in the section, and in section 1 those of
// its commands: a page each, with all below it.
func (e Edition) Program(app *kong.Application, section int) []Page {
	pages := []Page{e.program(app, section)}
	for _, command := range app.Children {
		if !command.Hidden {
			pages = append(pages, e.command(app, command))
		}
	}
	return pages
}

func (e Edition) program(app *kong.Application, section int) Page {
	text := TextOf(app.Node)
	name := app.Name
	about, _, _ := strings.Cut(app.Help, ". ")
	r := e.begin(name, section, about)
	r.macro("SH", "SYNOPSIS")
	commands := visible(app.Children)
	switch {
	case len(commands) > 0:
		r.synopsis(bold(name), `[\fIOPTION\fR]`+ellipsis, `\fICOMMAND\fR`, `[\fIARGUMENT\fR]`+ellipsis)
	default:
		r.synopsis(bold(name), usage(app.Node)...)
	}
	r.macro("SH", "DESCRIPTION")
	if app.Help != about+"." && app.Help != about {
		r.text(Text(app.Help))
	}
	r.text(Text(app.Detail))
	r.text(text.section(""))
	if len(commands) > 0 {
		r.macro("SH", "COMMANDS")
		for _, c := range commands {
			r.tag(bold(name+"-"+c.Name) + "(1)")
			r.line(prose(c.Help))
		}
	}
	r.options("OPTIONS", app.Node)
	var related []string
	for _, c := range commands {
		related = append(related, fmt.Sprintf("%s-%s(1)", name, c.Name))
	}
	e.end(r, text, related)
	return Page{name, section, []byte(r.String())}
}

// command makes the page of a command.
func (e Edition) command(app *kong.Application, node *kong.Node) Page {
	text := TextOf(node)
	name := app.Name + "-" + node.Name
	r := e.begin(name, 1, node.Help)
	r.macro("SH", "SYNOPSIS")
	below := visible(node.Children)
	if len(below) == 0 {
		r.synopsis(bold(node.FullPath()), usage(node)...)
	}
	if len(below) > 0 {
		r.macro("PD", "0") // no empty lines between them
	}
	for _, sub := range below {
		r.synopsis(bold(path(sub)), usage(sub)...)
	}
	if len(below) > 0 {
		r.macro("PD")
	}
	r.macro("SH", "DESCRIPTION")
	if node.Detail == "" && text.section("") == "" {
		r.text(Text(node.Help))
	}
	r.text(Text(node.Detail))
	r.text(text.section(""))
	r.options(heading(node), node)
	if len(below) > 0 {
		r.macro("SH", "COMMANDS")
	}
	for _, sub := range below {
		own := TextOf(sub)
		r.macro("SS", strings.Join(append([]string{path(sub)}, arguments(sub)...), " "))
		r.text(Text(sub.Help))
		r.text(Text(sub.Detail))
		r.text(own.section(""))
		r.options("", sub)
		text += "\n# Examples\n\n" + own.section(examples)
		text += "\n# Files\n\n" + own.section(files)
		text += "\n# Exit status\n\n" + own.section(exitStatus)
		text += "\n# See also\n\n" + own.section(seeAlso)
	}
	r.macro("SH", "GLOBAL OPTIONS")
	r.line(prose("Those of every command are described in " + app.Name + "(1):"))
	r.line(strings.Join(names(app.Flags), ",\n") + ".")
	if env := variables(append(node.Flags, flagsBelow(below)...)); len(env) > 0 {
		text += "\n# Environment\n\nInstead of an option its variable may be set:\n" + Text(strings.Join(env, ",\n")) + ".\n"
	}
	e.end(r, text, []string{app.Name + "(1)"})
	return Page{name, 1, []byte(r.String())}
}

// path returns how a command is called. One that its parent runs by default is
// called by the parent's name.
func path(node *kong.Node) string {
	if node.Parent != nil && node.Parent.DefaultCmd == node {
		return node.Parent.FullPath() + " [" + node.Name + "]"
	}
	return node.FullPath()
}

func visible(nodes []*kong.Node) (shown []*kong.Node) {
	for _, n := range nodes {
		if !n.Hidden {
			shown = append(shown, n)
		}
	}
	return shown
}

func flagsBelow(nodes []*kong.Node) (all []*kong.Flag) {
	for _, n := range nodes {
		all = append(all, n.Flags...)
	}
	return all
}

// variables returns the environment variables of options, each once.
func variables(flags []*kong.Flag) (all []string) {
	seen := make(map[string]bool)
	for _, f := range flags {
		for _, name := range f.Envs {
			if !f.Hidden && !seen[name] {
				seen[name] = true
				all = append(all, name)
			}
		}
	}
	return all
}
