package completion

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed zsh.in
var zshScript string

func zsh(root command) string {
	var functions strings.Builder
	for _, c := range root.all() {
		if len(c.path) > 0 {
			zshFunction(&functions, c)
		}
	}
	return strings.NewReplacer(
		"@GLOBAL@\n", zshOptions(root.options, "        "),
		"@COMMANDS@\n", zshCommands(root, "        "),
		"@CASES@\n", zshCases(root, "        "),
		"@FUNCTIONS@\n", functions.String(),
	).Replace(zshScript)
}

func zshName(path []string) string { return "_@PROGRAM@_" + strings.Join(path, "_") }

// zshFunction writes the function that completes what follows a command.
func zshFunction(b *strings.Builder, c command) {
	fmt.Fprintf(b, "%s() {\n", zshName(c.path))
	if len(c.below) == 0 {
		b.WriteString("    _arguments -s -S $global \\\n" + zshOptions(c.options, "        ") + zshArguments(c.args, "        ") + "        && return\n}\n\n")
		return
	}
	b.WriteString("    local context state line\n    typeset -A opt_args\n")
	b.WriteString("    _arguments -s -S -C $global \\\n" + zshOptions(c.options, "        "))
	b.WriteString("        '1: :->command' '*:: :->rest' && return\n")
	b.WriteString("    case $state in\n    command)\n        local -a commands=(\n" + zshCommands(c, "            ") + "        )\n        _describe -t commands command commands\n        ;;\n")
	b.WriteString("    rest)\n        case $line[1] in\n" + zshCases(c, "        ") + "        esac\n        ;;\n    esac\n}\n\n")
}

func zshCommands(c command, indent string) string {
	var b strings.Builder
	for _, sub := range c.below {
		b.WriteString(indent + quote(sub.path[len(sub.path)-1]+":"+sub.help) + "\n")
	}
	return b.String()
}

func zshCases(c command, indent string) string {
	var b strings.Builder
	for _, sub := range c.below {
		fmt.Fprintf(&b, "%s%s) %s ;;\n", indent, sub.path[len(sub.path)-1], zshName(sub.path))
	}
	return b.String()
}

// zshOptions writes options as _arguments takes them.
func zshOptions(options []option, indent string) string {
	var b strings.Builder
	for _, o := range options {
		rest := "[" + zshText(o.help) + "]"
		long := o.names[0]
		if o.value != nil {
			long += "="
			rest += ":" + zshText(o.value.name) + ":" + zshAction(*o.value)
		}
		star := ""
		if o.repeats {
			star = "*"
		}
		switch {
		case len(o.names) == 1:
			b.WriteString(indent + quote(star+long+rest) + " \\\n")
		case o.repeats:
			b.WriteString(indent + quote(star+long+rest) + " " + quote(star+o.names[1]+rest) + " \\\n")
		default:
			exclusive := "(" + strings.Join(o.names, " ") + ")"
			short := o.names[1]
			if o.value != nil {
				short += "+"
			}
			b.WriteString(indent + quote(exclusive+long+rest) + " " + quote(exclusive+short+rest) + " \\\n")
		}
	}
	return b.String()
}

func zshArguments(args []value, indent string) string {
	var b strings.Builder
	for i, a := range args {
		place := fmt.Sprint(i + 1)
		if a.optional {
			place += ":"
		}
		if a.repeats {
			place = "*"
		}
		b.WriteString(indent + quote(place+":"+zshText(a.name)+":"+zshAction(a)) + " \\\n")
	}
	return b.String()
}

// zshAction writes what completes a value.
func zshAction(v value) string {
	var ways []string
	if len(v.words) > 0 {
		return "(" + strings.Join(v.words, " ") + ")"
	}
	for _, kind := range v.kinds {
		ways = append(ways, "_@PROGRAM@_ask "+kind)
	}
	switch {
	case v.dir:
		ways = append(ways, "_files -/")
	case v.file:
		ways = append(ways, "_files")
	}
	switch len(ways) {
	case 0:
		return "()" // and not " ", with which zsh lists options and inserts none
	case 1:
		if len(v.kinds) > 0 {
			return " " + ways[0] // the space has _arguments add no words of its own
		}
		return ways[0]
	}
	return "{ " + strings.Join(ways, " || ") + " }"
}

// zshText escapes what means something in a specification of _arguments.
func zshText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(text)
}
