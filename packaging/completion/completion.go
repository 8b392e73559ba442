// Package completion writes the scripts that complete command lines in bash,
// zsh and fish, from kong's model of a command line.
//
// Start with Script. What the value of an option or an argument may be says the
// grammar: its enum, or the tag complete, a list of
//
//	dir, file   a path
//	KIND        what "PROGRAM complete KIND" prints, such as libraries
//
// The scripts are static but for the last of these. They run
//
//	PROGRAM complete --shell=SHELL KIND -- WORD...
//
// with the words of the line as they were typed, quotes and all, up to the
// cursor: the last one is to be completed. They never have the shell expand or
// evaluate a word. What is printed is a candidate a line; for zsh and fish it
// may have a tab and a description after it, and the shell chooses among them
// and quotes them. For bash, only those that fit are printed, quoted.
package completion

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// Shells are those that there are scripts for.
var Shells = []string{"bash", "zsh", "fish"}

// Script returns the script for a shell.
func Script(shell string, app *kong.Application) (string, error) {
	root := commandOf(app.Node, nil)
	var script string
	switch shell {
	case "bash":
		script = bash(root)
	case "zsh":
		script = zsh(root)
	case "fish":
		script = fish(root)
	default:
		return "", fmt.Errorf("no completion for the shell %q: there are %s", shell, strings.Join(Shells, ", "))
	}
	return strings.ReplaceAll(script, "@PROGRAM@", app.Name), nil
}

// A command is a node of the grammar as the scripts need it.
type command struct {
	path     []string // without the program's name
	help     string
	options  []option
	inherits []option // of the commands above it
	args     []value
	below    []command
}

func (c command) name() string { return strings.Join(c.path, " ") }

// all returns the command and those below it, in the order of the grammar.
func (c command) all() []command {
	list := []command{c}
	for _, sub := range c.below {
		list = append(list, sub.all()...)
	}
	return list
}

// An option is a flag.
type option struct {
	names   []string // --quiet, -q
	help    string
	value   *value // nil: it takes none
	repeats bool
}

// A value is what an option or an argument takes.
type value struct {
	name     string   // for people
	words    []string // the only ones that there are
	kinds    []string // of candidates that the program prints
	dir      bool     // a folder
	file     bool     // any path
	repeats  bool     // takes all that follow
	optional bool
}

func commandOf(node *kong.Node, inherited []option) command {
	c := command{help: firstSentence(node.Help), inherits: inherited}
	if node.Parent != nil {
		c.path = strings.Fields(node.Path())
		c.path = c.path[len(c.path)-node.Depth()-1:]
	}
	for _, f := range node.Flags {
		if !f.Hidden {
			c.options = append(c.options, optionOf(f))
		}
	}
	for _, p := range node.Positional {
		v := valueOf(p, strings.ToUpper(p.Name))
		v.optional, v.repeats = !p.Required, p.IsCumulative()
		c.args = append(c.args, v)
	}
	for _, child := range node.Children {
		if !child.Hidden {
			c.below = append(c.below, commandOf(child, append(inherited[:len(inherited):len(inherited)], c.options...)))
		}
	}
	if d := node.DefaultCmd; d != nil { // whose options stand without its name, too
		own := commandOf(d, nil)
		c.options, c.args = append(c.options, own.options...), own.args
	}
	return c
}

func optionOf(f *kong.Flag) option {
	o := option{names: []string{"--" + f.Name}, help: firstSentence(f.Help), repeats: f.Target.Kind() == reflect.Slice}
	if f.Short != 0 {
		o.names = append(o.names, "-"+string(f.Short))
	}
	if !f.IsBool() && !f.IsCounter() {
		name := f.PlaceHolder
		if name == "" {
			name = strings.ToUpper(f.Name)
		}
		v := valueOf(f.Value, name)
		o.value = &v
	}
	return o
}

func valueOf(v *kong.Value, name string) value {
	val := value{name: name}
	for _, word := range v.EnumSlice() {
		if word != "" {
			val.words = append(val.words, word)
		}
	}
	for kind := range strings.SplitSeq(v.Tag.Get("complete"), ",") {
		switch kind {
		case "":
		case "dir":
			val.dir = true
		case "file":
			val.file = true
		default:
			val.kinds = append(val.kinds, kind)
		}
	}
	return val
}

// firstSentence is what has room in a list.
func firstSentence(help string) string {
	for _, end := range []string{". ", "; ", " (default", ": "} {
		if i := strings.Index(help, end); i > 0 && len(help) > 60 {
			help = help[:i]
		}
	}
	return strings.TrimSuffix(help, ".")
}

// quote makes a text one word of a POSIX shell, and of zsh.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
