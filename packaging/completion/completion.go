// Package completion writes the scripts that complete command lines in bash,
// zsh and fish, from kong's model of a command line.
//
// Start with Script. The grammar says what completes the value of an option or an
// argument: its enum, or the tag complete, a list of
//
//	dir, file   a path
//	KIND        what "PROGRAM complete KIND" prints, such as libraries
//
// The scripts are static but for the last of these. They run
//
//	PROGRAM complete --shell=SHELL KIND -- WORD...
//
// with the words of the line as they were typed, quotes and all, up to the
// cursor: the last one is to be completed. They never make the shell expand or
// evaluate a word. The program prints a candidate a line; for zsh and fish a tab and a
// description may follow it, and the shell filters and quotes the candidates. For
// bash the program prints only those that fit, quoted.
//
// A script is a table that is the same for all shells, and code that reads it.
// A row is COMMAND|NAMES|VALUE|HELP:
//
//	COMMAND  the command that it is about, without the program's name
//	NAMES    of an option (--quiet -q) or of a command below, or the number
//	         of an argument
//	VALUE    what completes it: words, @KIND, /dir, /file, after * where it may
//	         be repeated; an option that takes a value has a = before all that
package completion

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed bash.in
var bash string

//go:embed zsh.in
var zsh string

//go:embed fish.in
var fish string

// Shells are the shells that Script supports.
var Shells = []string{"bash", "zsh", "fish"}

// Script returns the script for a shell.
func Script(shell string, app *kong.Application) (string, error) {
	script, escaped, end := "", strings.NewReplacer(`'`, `'\''`), "\n"
	switch shell {
	case "bash":
		script = bash
	case "zsh":
		script = zsh
	case "fish":
		script, escaped, end = fish, strings.NewReplacer(`\`, `\\`, `'`, `\'`), " \\\n"
	default:
		return "", fmt.Errorf("no completion for the shell %q: there are %s", shell, strings.Join(Shells, ", "))
	}
	var table strings.Builder
	for _, row := range rows(app.Node, "") {
		table.WriteString("    '" + escaped.Replace(row) + "'" + end)
	}
	return strings.NewReplacer("@ROWS@\n", strings.TrimSuffix(table.String(), end)+"\n", "@PROGRAM@", app.Name).Replace(script), nil
}

// rows returns what may follow a command, and the commands below it.
func rows(node *kong.Node, command string) (all []string) {
	add := func(names, value, help string) {
		all = append(all, strings.Join([]string{command, names, value, firstSentence(help)}, "|"))
	}
	for _, n := range []*kong.Node{node, node.DefaultCmd} { // whose options stand without its name, too
		if n == nil {
			continue
		}
		for _, f := range n.Flags {
			names, value := "--"+f.Name, ""
			if f.Short != 0 {
				names += " -" + string(f.Short)
			}
			if !f.IsBool() && !f.IsCounter() {
				value = "=" + valueOf(f.Value, f.Target.Kind() == reflect.Slice)
			}
			if !f.Hidden {
				add(names, value, f.Help)
			}
		}
		for i, p := range n.Positional {
			add(fmt.Sprint(i), valueOf(p, p.IsCumulative()), p.Help)
		}
	}
	for _, child := range node.Children {
		if !child.Hidden {
			add(child.Name, "", child.Help)
			all = append(all, rows(child, strings.TrimPrefix(command+" "+child.Name, " "))...)
		}
	}
	return all
}

func valueOf(v *kong.Value, repeats bool) string {
	var words []string
	if repeats {
		words = append(words, "*")
	}
	for _, word := range v.EnumSlice() {
		if word != "" {
			words = append(words, word)
		}
	}
	for _, kind := range strings.FieldsFunc(v.Tag.Get("complete"), func(c rune) bool { return c == ',' }) {
		if kind == "dir" || kind == "file" {
			words = append(words, "/"+kind)
		} else {
			words = append(words, "@"+kind)
		}
	}
	return strings.Join(words, " ")
}

// firstSentence shortens a help text for a list.
func firstSentence(help string) string {
	for _, end := range []string{". ", "; ", " (default", ": "} {
		if i := strings.Index(help, end); i > 0 && len(help) > 60 {
			help = help[:i]
		}
	}
	return strings.TrimSuffix(help, ".")
}
