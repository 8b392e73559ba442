package main

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// A parsed command line.
type parsed struct {
	cli  *cli
	file *flags.File
	kong *kong.Context
}

// parse parses the command line. Where that fails, what it returns beside the
// error has the flags that were read before.
//
// Kong reads the tags of all commands before it looks at the first word, which
// is a quarter of the time of a short command. So parse first tries with those
// commands alone whose names stand on the line, and what that does not take,
// a wish for help among it, is left to the whole grammar.
func parse(args []string) (parsed, error) {
	if few := commandsIn(args); len(few) > 0 {
		if p, err := parseWith(few, refuseHelp, args); err == nil {
			return p, nil
		}
	}
	return parseWith(kong.Plugins{new(commands)}, printHelp, args)
}

// commandsIn returns the part of the grammar with the commands whose names are
// among args.
func commandsIn(args []string) kong.Plugins {
	var few kong.Plugins
	for command := range reflect.TypeFor[commands]().Fields() {
		name := cmp.Or(command.Tag.Get("name"), strings.ToLower(command.Name))
		if slices.Contains(args, name) {
			few = append(few, reflect.New(reflect.StructOf([]reflect.StructField{command})).Interface())
		}
	}
	return few
}

func parseWith(all kong.Plugins, help kong.HelpPrinter, args []string) (parsed, error) {
	p := parsed{cli: &cli{Plugins: all}, file: new(flags.File)}
	parser := newParser(p.cli, p.file, help)
	var err error
	p.kong, err = parser.Parse(args)
	return p, err
}

func newParser(grammar *cli, file *flags.File, help kong.HelpPrinter) *kong.Kong {
	k := kong.Must(grammar,
		kong.Name("spacedrive"),
		kong.Description("Index your files and find them, by way of the spacedrive daemon."),
		kong.DefaultEnvars(flags.EnvPrefix),
		kong.Resolvers(file),
		flags.Verbatim(),
		kong.Vars{"version": aboutProgram().String()},
		kong.ExplicitGroups([]kong.Group{{Key: "global", Title: "Flags of every command:"}}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Help(help),
	)
	k.Model.HelpFlag.Help = flags.HelpHelp
	return k
}

// model returns the whole grammar, for those who describe it.
func model() *kong.Application {
	return newParser(&cli{Plugins: kong.Plugins{new(commands)}}, new(flags.File), printHelp).Model
}

// refuseHelp leaves help to a grammar that has all commands.
func refuseHelp(kong.HelpOptions, *kong.Context) error {
	return errors.New("help is about all commands")
}
