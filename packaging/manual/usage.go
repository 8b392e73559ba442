package manual

import (
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

var argumentName = regexp.MustCompile(`[^\[\].]+`)

// usage returns a line of the SYNOPSIS.
func usage(node *kong.Node) string {
	words := []string{bold(path(node)), `[\fIOPTION\fR]...`}
	if len(node.Children) > 0 {
		words = append(words, `\fICOMMAND\fR`, `[\fIARGUMENT\fR]...`)
	}
	for _, a := range arguments(node) {
		words = append(words, argumentName.ReplaceAllStringFunc(a, italic))
	}
	return strings.Join(words, " ")
}

// path returns how a command is called. One that its parent runs by default is
// called by the parent's name.
func path(node *kong.Node) string {
	if node.Parent != nil && node.Parent.DefaultCmd == node {
		return node.Parent.FullPath() + " [" + node.Name + "]"
	}
	return node.FullPath()
}

// arguments returns the command's positional arguments: NAME, [NAME], [NAME]...
func arguments(node *kong.Node) []string {
	var words []string
	for _, p := range node.Positional {
		word := strings.ToUpper(p.Name)
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

// options describes a command's arguments and its options, as --help does.
func (r *roff) options(node *kong.Node) {
	for _, p := range node.Positional {
		r.tag(italic(strings.ToUpper(p.Name)), p.Help)
	}
	for _, f := range node.Flags {
		if !f.Hidden {
			name, value, ok := strings.Cut(f.String(), "=")
			term := bold(name)
			if ok {
				term += "=" + italic(value)
			}
			r.tag(term, kong.DefaultHelpValueFormatter(f.Value))
		}
	}
}

// optionNames lists options.
func optionNames(node *kong.Node) string {
	var names []string
	for _, f := range node.Flags {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	}
	return strings.Join(names, ",\n")
}
