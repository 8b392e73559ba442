package completion

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed fish.in
var fishScript string

func fish(root command) string {
	var commands, takes, rules strings.Builder
	for _, c := range root.all() {
		if len(c.path) > 0 {
			fmt.Fprintf(&commands, "    %s \\\n", fishQuote(c.name()))
		}
		fishTakes(&takes, c)
		fishRules(&rules, c)
	}
	return strings.NewReplacer(
		" \\\n@PATHS@\n", " \\\n"+strings.TrimSuffix(commands.String(), " \\\n")+"\n",
		"@TAKES@\n", takes.String(),
		"@RULES@\n", strings.TrimSuffix(rules.String(), "\n"),
	).Replace(fishScript)
}

// fishTakes lists the options of a command that take a value.
func fishTakes(b *strings.Builder, c command) {
	place := c.name()
	if place == "" {
		place = "*" // any command
	}
	var words []string
	for _, o := range c.options {
		for _, name := range o.names {
			if o.value != nil {
				words = append(words, fishQuote(place+name))
			}
		}
	}
	if len(words) > 0 {
		fmt.Fprintf(b, "        case %s\n            return 0\n", strings.Join(words, " "))
	}
}

// fishRules writes what may follow a command.
func fishRules(b *strings.Builder, c command) {
	at := ""
	if len(c.path) > 0 {
		at = " -n " + fishQuote("__@PROGRAM@_at "+fishQuote(c.name()))
		fmt.Fprintf(b, "\n# %s\n", c.name())
	}
	for _, o := range c.options {
		rule := "complete -c @PROGRAM@" + at
		for _, name := range o.names {
			if strings.HasPrefix(name, "--") {
				rule += " -l " + name[2:]
			} else {
				rule += " -s " + name[1:]
			}
		}
		if o.value != nil {
			rule += " -r" + fishValue(*o.value)
		}
		b.WriteString(rule + " -d " + fishQuote(o.help) + "\n")
	}
	for _, sub := range c.below {
		fmt.Fprintf(b, "complete -c @PROGRAM@ -n %s -a %s -d %s\n",
			fishQuote("__@PROGRAM@_at "+fishQuote(c.name())+" 0"), sub.path[len(sub.path)-1], fishQuote(sub.help))
	}
	for i, a := range c.args {
		value := fishValue(a)
		if value == " -f" {
			continue
		}
		place := fmt.Sprint(i)
		if a.repeats {
			place += "+"
		}
		fmt.Fprintf(b, "complete -c @PROGRAM@ -n %s%s\n", fishQuote("__@PROGRAM@_at "+fishQuote(c.name())+" "+place), value)
	}
}

// fishValue writes what completes a value.
func fishValue(v value) string {
	var ways []string
	ways = append(ways, v.words...)
	for _, kind := range v.kinds {
		ways = append(ways, "(__@PROGRAM@_ask "+kind+")")
	}
	if v.dir {
		ways = append(ways, "(__fish_complete_directories (string replace -r -- '^--[^=]*=' '' (commandline -ct)) '')")
	}
	rule := " -f"
	if v.file {
		rule = " -F"
	}
	if len(ways) > 0 {
		rule += " -a " + fishQuote(strings.Join(ways, " "))
	}
	return rule
}

// fishQuote makes a text one word of fish, where a quoted backslash escapes a
// quote and itself.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
