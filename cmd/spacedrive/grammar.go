package main

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// commands holds the commands by name. Each registers itself in its file, which has
// its text beside it: search.go, search.md.
var commands = make(map[string]registered)

type registered struct {
	group group
	new   func() any
}

// A group is a part of the list of commands in the help.
type group int

const (
	groupStart group = iota
	groupIndex
	groupRun
	groupWatch
	groupScript
	groupHidden // not in the list
)

// groups are the titles. Hidden commands need one too: kong prints a group's title
// even where all its commands are hidden.
var groups = [...]string{
	"Start here:", "Index and search:", "Run the daemon:", "See what happens, and what is wrong:",
	groupScript: "Use it in programs and shells:", groupHidden: "Use it in programs and shells:",
}

// register adds a command to the command line.
func register[Cmd any](name string, g group) registered {
	commands[name] = registered{g, func() any { return new(Cmd) }}
	return commands[name]
}

// A parsed command line.
type parsed struct {
	cli  *cli
	file *flags.File
	kong *kong.Context
}

// parse parses the command line. With an error it returns the flags that were read
// before it.
//
// Kong reads the tags of all commands before it looks at the first word, which
// is a quarter of the time of a short command. So parse first tries a grammar of
// the commands whose names are on the line, and parses with the whole grammar
// where that fails, as it does for a request for help.
func parse(args []string) (parsed, error) {
	if few := commandsIn(args); len(few) > 0 {
		if p, err := parseWith(few, refuseHelp, args); err == nil {
			return p, nil
		}
	}
	return parseWith(allCommands(), printHelp, args)
}

// commandsIn returns the names of commands that are among args.
func commandsIn(args []string) []string {
	return slices.DeleteFunc(allCommands(), func(name string) bool { return !slices.Contains(args, name) })
}

// allCommands returns the names of the commands in the order of the help.
func allCommands() []string {
	return slices.SortedFunc(maps.Keys(commands), func(a, b string) int {
		return cmp.Or(cmp.Compare(commands[a].group, commands[b].group), cmp.Compare(a, b))
	})
}

func parseWith(names []string, help kong.HelpPrinter, args []string) (parsed, error) {
	p := parsed{cli: new(cli), file: new(flags.File)}
	parser := newParser(p.cli, p.file, help, names)
	var err error
	p.kong, err = parser.Parse(args)
	return p, err
}

func newParser(grammar *cli, file *flags.File, help kong.HelpPrinter, names []string) *kong.Kong {
	options := []kong.Option{
		kong.Name("spacedrive"),
		kong.DefaultEnvars(flags.EnvPrefix),
		kong.Resolvers(file),
		flags.Verbatim(),
		kong.Vars{"version": aboutProgram().String()},
		kong.ExplicitGroups([]kong.Group{{Key: "global", Title: "Flags of every command:"}}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Help(help),
	}
	for _, name := range names {
		var tags []string
		if commands[name].group == groupHidden {
			tags = append(tags, `hidden:""`)
		}
		options = append(options, kong.DynamicCommand(name, "", groups[commands[name].group], commands[name].new(), tags...))
	}
	k := kong.Must(grammar, options...)
	k.Model.HelpFlag.Help = flags.HelpHelp
	return k
}

// model returns the whole grammar, for those who describe it.
func model() *kong.Application {
	m := newParser(new(cli), new(flags.File), printHelp, allCommands()).Model
	describe(m, false)
	return m
}

// refuseHelp leaves help to a grammar that has all commands.
func refuseHelp(kong.HelpOptions, *kong.Context) error {
	return errors.New("help is about all commands")
}
