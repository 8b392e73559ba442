package manual

import (
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

const ellipsis = `...\&` // that ends no sentence

// synopsis writes a line of the SYNOPSIS: the command, then its words with a
// hanging indent. All of it is escaped already.
func (r *roff) synopsis(command string, words ...string) {
	r.macro("HP")
	r.line(strings.Join(append([]string{command}, words...), "\n"))
}

// usage returns the words that a command takes, set for the SYNOPSIS.
func usage(node *kong.Node) []string {
	var words []string
	for _, f := range node.Flags {
		if f.Hidden || f.Name == "help" {
			continue
		}
		word := bold("--" + f.Name)
		if f.Short != 0 {
			word = bold("-" + string(f.Short))
		}
		if !f.IsBool() && !f.IsCounter() {
			word += unbreakable(f) + italic(placeholder(f))
		}
		word = whole + "[" + word + "]"
		if repeats(f) {
			word += ellipsis
		}
		words = append(words, word)
	}
	for _, a := range arguments(node) {
		name := strings.Trim(a, "[].")
		words = append(words, whole+strings.NewReplacer(name, italic(name), "...", ellipsis).Replace(a))
	}
	return words
}

// unbreakable stands between an option and its value.
func unbreakable(f *kong.Flag) string {
	if f.Short != 0 {
		return `\ `
	}
	return "="
}

// arguments returns the command's positional arguments as they are written in
// a usage: NAME, [NAME], [NAME]...
func arguments(node *kong.Node) []string {
	var words []string
	for _, p := range node.Positional {
		word := argument(p)
		if !p.Required {
			word = "[" + word + "]"
		}
		if p.IsCumulative() {
			word += "..."
		}
		words = append(words, word)
	}
	return words
}

func argument(p *kong.Positional) string {
	if p.Tag.PlaceHolder != "" {
		return p.Tag.PlaceHolder
	}
	return strings.ToUpper(p.Name)
}

// options describes a command's arguments and its options, below a heading
// where one is given.
func (r *roff) options(heading string, node *kong.Node) {
	describe := func(term, help string) {
		if heading != "" {
			r.macro("SH", heading)
			heading = ""
		}
		r.tag(term)
		r.line(prose(help))
	}
	for _, p := range node.Positional {
		if p.Help != "" {
			describe(italic(argument(p)), p.Help)
		}
	}
	for _, f := range node.Flags {
		if !f.Hidden {
			describe(option(f), f.Help+whetherDefault(f))
		}
	}
}

// heading is what stands over a command's arguments and options.
func heading(node *kong.Node) string {
	if len(node.Positional) == 0 {
		return "OPTIONS"
	}
	if len(node.Flags) == 0 {
		return "ARGUMENTS"
	}
	return "ARGUMENTS AND OPTIONS"
}

// option returns an option as the term that its description hangs on.
func option(f *kong.Flag) string {
	term := bold("--" + f.Name)
	if !f.IsBool() && !f.IsCounter() {
		term += "=" + italic(placeholder(f))
	}
	if f.Short != 0 {
		term = bold("-"+string(f.Short)) + ", " + term
	}
	return term
}

// whetherDefault tells the default of an option whose help does not.
func whetherDefault(f *kong.Flag) string {
	if !f.HasDefault || f.Default == "" || f.IsBool() || strings.Contains(f.Help, "default") {
		return ""
	}
	return " The default is " + f.Default + "."
}

func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(f.Name)
}

// repeats reports whether an option may be given several times.
func repeats(f *kong.Flag) bool { return f.Target.Kind() == reflect.Slice }

// names lists options, each of them in bold and in one piece.
func names(flags []*kong.Flag) (all []string) {
	for _, f := range flags {
		if !f.Hidden {
			all = append(all, whole+bold("--"+f.Name))
		}
	}
	return all
}
