package main

import (
	"regexp"
	"slices"
)

// advice returns a hint with the commands in it as this run would have them:
// what the daemon or the client library suggests knows nothing of the flags
// that lead to this daemon and this library.
func (a *app) advice(hint string) string {
	if a.kong == nil {
		return hint
	}
	return regexp.MustCompile(`\bspacedrive [a-z]+\b`).ReplaceAllStringFunc(hint, func(suggested string) string {
		name := suggested[len("spacedrive "):]
		if len(commandsIn([]string{name})) == 0 || a.cli.Host != "" && slices.Contains(localCommands, name) {
			return suggested
		}
		return a.command(name)
	})
}

// localCommands are about this machine and take no --host.
var localCommands = []string{"start", "restart", "service", "doctor"}

// coreCommands are about no library, or name theirs as an argument.
var coreCommands = []string{"start", "stop", "restart", "service", "doctor", "methods", "library"}
