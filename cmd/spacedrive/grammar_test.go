package main

import (
	"reflect"
	"strings"
	"testing"
)

// What a part of the grammar takes, the whole must take in the same way.
func TestAPartOfTheGrammarParsesAsTheWhole(t *testing.T) {
	for line, want := range map[string]string{
		"status":                               "status",
		"--json --library Home status":         "status",
		"status --json -q":                     "status",
		"library use status":                   "library use <name>",
		"library list":                         "library list",
		"--library search location add /home":  "location add <path>",
		"search status --limit 3":              "search <query>",
		"job cancel 0192":                      "job cancel <id>",
		"--socket=stop config":                 "config",
		"call core.status":                     "call <method>",
		"events --type JobUpdate --after 3":    "events",
		"service install":                      "service install",
		"location add --mode content -- --odd": "location add <path>",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(line)
			few := commandsIn(args)
			if len(few) == 0 {
				t.Fatal("no command is found in it")
			}
			part, err := parseWith(few, refuseHelp, args)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := parseWith(allCommands(), refuseHelp, args)
			if err != nil {
				t.Fatal(err)
			}
			if part.kong.Command() != want || whole.kong.Command() != want {
				t.Errorf("the part runs %q, the whole %q, want %q", part.kong.Command(), whole.kong.Command(), want)
			}
			if !reflect.DeepEqual(part.cli, whole.cli) {
				t.Errorf("the part reads %+v, the whole %+v", part.cli, whole.cli)
			}
			got, want := part.kong.Selected().Target.Interface(), whole.kong.Selected().Target.Interface()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the part reads %+v, the whole %+v", got, want)
			}
		})
	}
}
