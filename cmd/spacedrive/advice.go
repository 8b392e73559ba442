package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// advice returns a hint with this run's flags added to the commands in it: the
// daemon and the client library, which suggest them, do not know the flags that
// lead to this daemon and this library.
func (a *app) advice(hint string) string {
	if a.kong == nil {
		return hint
	}
	return regexp.MustCompile(`(\bservice )?\bspacedrive [a-z]+\b`).ReplaceAllStringFunc(hint, func(suggested string) string {
		name, ours := strings.CutPrefix(suggested, "spacedrive ")
		if !ours { // an init script
			return suggested
		}
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

// command returns a command line of this program that means the same daemon
// and, where it is about one, the same library as this run.
func (a *app) command(words ...string) string {
	line := []string{programName()}
	if a.daemon.System && a.named("system") {
		line = append(line, "--system")
	}
	if a.cli.Standalone && a.source("standalone") == flags.FromFlag {
		line = append(line, "--standalone")
	}
	for _, flag := range []struct{ name, value string }{
		{"instance", a.cli.Instance}, {"data-dir", a.cli.DataDir}, {"socket", a.cli.Socket},
		{"host", a.cli.Host}, {"ssh", a.cli.SSH}, {"library", a.cli.Library}, {"config", a.cli.Config},
	} {
		if flag.name == "library" && len(words) > 0 && slices.Contains(coreCommands, words[0]) {
			continue
		}
		if flag.name == "library" && a.suggest != "" {
			line = append(line, "--library", a.suggest)
		} else if flag.value != "" && a.source(flag.name) == flags.FromFlag {
			line = append(line, "--"+flag.name, flag.value)
		}
	}
	line = append(line, words...)
	for i := range line {
		line[i] = packaging.ShellWord(line[i])
	}
	return strings.Join(line, " ")
}
