package main

import (
	"fmt"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging/manual"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

type manualCmd struct {
	Dir string `arg:"" help:"Folder such as /usr/share/man; the pages go into man1, man5 and man8 in it." complete:"dir"`
}

// manualResult is the document that --json prints.
type manualResult struct {
	Written []protocol.Path `json:"written"`
}

func (c *manualCmd) Run(a *app) error {
	pages, err := manualPages()
	if err != nil {
		return err
	}
	if err := manual.Write(c.Dir, pages); err != nil {
		return err
	}
	if a.cli.JSON {
		var r manualResult
		for _, p := range pages {
			r.Written = append(r.Written, protocol.Path(p.File()))
		}
		return a.term.printJSON(r)
	}
	a.term.note("Wrote %s into %s.", human.Plural(int64(len(pages)), "page", "pages"), human.Clean(c.Dir))
	return nil
}

// manualPages makes all pages: of this program, of the daemon, and of the
// configuration file.
func manualPages() ([]manual.Page, error) {
	date, err := manual.Date(version.String())
	if err != nil {
		return nil, usageError{err}
	}
	e := manual.Edition{Version: version.String(), Date: date}
	daemon := new(flags.Daemon)
	k, err := flags.NewDaemon(daemon, "~/.config/spacedrive/config.toml", version.String())
	if err != nil {
		return nil, err
	}
	pages := e.Program(k.Model, 8)
	pages = append(pages, e.Page("spacedrive.toml", 5, "configuration file of spacedrive and spacedrived", settingsText()))
	for _, s := range exitStatus {
		e.Exit = append(e.Exit, manual.Status{Code: s.code, Means: s.means})
	}
	m := model()
	asTyped(m)
	return append(e.Program(m, 1), pages...), nil
}

// settingsText is the page of the configuration file: its prose, and each key
// with its meaning and its default.
func settingsText() manual.Text {
	defaults := config.Default()
	var b strings.Builder
	table := ""
	for _, key := range config.Keys() {
		name := key
		if t, rest, ok := strings.Cut(key, "."); ok {
			if t != table {
				fmt.Fprintf(&b, "# Table [%s]\n\nThe bounds of what the daemon does for its clients.\n\n", t)
				table = t
			}
			name = rest
		}
		fmt.Fprintf(&b, "'%s'\n    %s%s\n", name, config.About(key), defaultOf(key, defaults.Text(key)))
	}
	return manual.Text(strings.Replace(settingsProse, "KEYS\n", b.String(), 1))
}

// defaultOf tells a key's default as it is for everyone.
func defaultOf(key, value string) string {
	if key == "data_dir" {
		value = "~/.local/share/spacedrive"
	}
	if value == "" {
		return ""
	}
	return " The default is '" + value + "'."
}

const settingsProse = `
One file sets what both programs fall back on: spacedrive(1) and spacedrived(8).
A setting comes from an option where one is given, then from the environment,
then from this file, then from the default. 'spacedrive config' prints what is
in force, and where each value comes from.

The file is written in TOML. Text, times and sizes stand in quotes; a time has a
unit, as in "90s", "5m" or "1h30m". There is no key but those below: one that is
misspelt is an error that names the line.

The daemon reads the file when it starts, and again on SIGHUP, which is what
'systemctl --user reload spacedrive.service' sends. Limits, the log level and the
idle time change at once, the rest at the next start. A file that has become wrong
changes nothing: the log says what is wrong with it.

# Keys

KEYS

# Environment

SPACEDRIVE_CONFIG
    Another file to read instead.
XDG_CONFIG_HOME
    The folder that stands for ~/.config.

# Files

~/.config/spacedrive/config.toml
    The user's.
/etc/spacedrive/config.toml
    That of the machine's daemon.

# Examples

A daemon that stays, logs more, and serves more connections:
    idle_timeout = "0s"
    log_level = "debug"
    [limits]
    connections = 4096

The library that is meant where none is named:
    library = "Photos"

# See also

spacedrive(1), spacedrive-config(1), spacedrived(8)
`
