package completion

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed bash.in
var bashScript string

func bash(root command) string {
	var places, values strings.Builder
	for _, c := range root.all() {
		fmt.Fprintf(&places, "    %s)\n", quote(c.name()))
		var names []string
		for _, sub := range c.below {
			names = append(names, sub.path[len(sub.path)-1])
		}
		if len(names) > 0 {
			fmt.Fprintf(&places, "        commands=%s\n", quote(strings.Join(names, " ")))
		}
		if len(c.path) > 0 && len(c.options) > 0 {
			fmt.Fprintf(&places, "        options+=%s\n", quote(" "+optionNames(c.options)))
		}
		var args []string
		for _, a := range c.args {
			spec := bashValue(a)
			if a.repeats {
				spec = "* " + spec
			}
			args = append(args, quote(spec))
		}
		if len(args) > 0 {
			fmt.Fprintf(&places, "        arguments=(%s)\n", strings.Join(args, " "))
		}
		places.WriteString("        ;;\n")
		if len(c.path) > 0 {
			bashOptions(&values, quote(c.name())+":", c.options)
		}
	}
	bashOptions(&values, "*:", root.options)
	return strings.NewReplacer("@OPTIONS@", optionNames(root.options), "@PLACES@\n", places.String(), "@VALUES@\n", values.String()).Replace(bashScript)
}

// bashOptions writes a case for each option that takes a value.
func bashOptions(b *strings.Builder, place string, options []option) {
	for _, o := range options {
		if o.value == nil {
			continue
		}
		patterns := make([]string, len(o.names))
		for i, name := range o.names {
			patterns[i] = place + name
		}
		fmt.Fprintf(b, "    %s) value=%s ;;\n", strings.Join(patterns, " | "), quote(bashValue(*o.value)))
	}
}

func optionNames(options []option) string {
	var names []string
	for _, o := range options {
		names = append(names, o.names...)
	}
	return strings.Join(names, " ")
}

// bashValue writes what a value may be as the script reads it.
func bashValue(v value) string {
	words := append([]string(nil), v.words...)
	for _, kind := range v.kinds {
		words = append(words, "@"+kind)
	}
	switch {
	case v.dir:
		words = append(words, "/dir")
	case v.file:
		words = append(words, "/file")
	}
	return strings.Join(words, " ")
}
