package main

import (
	"cmp"
	"os"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

type configCmd struct{}

func (*configCmd) Help() string {
	return `Values come from flags, then environment (SPACEDRIVE_INSTANCE and so on, one for
every flag), then the configuration file, then the default. The daemon reads the same
file, and its own flags and environment.`
}

// configResult is the document that --json prints.
type configResult struct {
	File     protocol.Path   `json:"file"`
	Exists   bool            `json:"exists"`
	Settings []configSetting `json:"settings"`
}

type configSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source source `json:"source"`
}

// configInForce returns the settings of this run.
func (a *app) configInForce() configResult {
	r := configResult{File: protocol.Path(a.file.Path), Exists: !a.file.Missing && a.file.Path != ""}
	for _, key := range config.Keys() {
		value, from := a.setting(key)
		r.Settings = append(r.Settings, configSetting{key, value, from})
	}
	return r
}

func (*configCmd) Run(a *app) error {
	r := a.configInForce()
	if a.cli.JSON {
		return a.term.printJSON(r)
	}
	where := a.path(r.File)
	if !r.Exists {
		where = cmp.Or(where, "none") + " (not there)"
	}
	a.term.printf("%s  %s\n\n", paint(a.term.color, faint, "file"), clean(where))
	t := newTable("SETTING", "VALUE", "FROM")
	for _, s := range r.Settings {
		t.add(s.Key, s.Value, string(s.Source))
	}
	t.print(a.term)
	return nil
}

// setting returns the value in force of a key of the file, and where it comes
// from.
func (a *app) setting(key string) (string, source) {
	flag := strings.ReplaceAll(key, "_", "-")
	value, from := a.file.Config.Text(key), a.source(flag)
	switch key {
	case "system":
		value = strconv.FormatBool(a.system())
	case "instance":
		value = a.instance()
	case "data_dir":
		value = a.dataDir()
	case "socket":
		value = a.socket()
	case "library":
		value = a.cli.Library
	case "host":
		value = a.cli.Host
	case "ssh":
		value = a.cli.SSH
	case "no_color":
		value = strconv.FormatBool(a.cli.NoColor)
	case "log_format", "log_level", "idle_timeout", "admit_group":
		// The daemon's flags, which have their environment too.
		if v, ok := os.LookupEnv(envName(flag)); ok {
			value = v
		}
	default: // limits, which have no flag
		from = fromDefault
		if a.file.Config.InFile(key) {
			from = fromFile
		}
	}
	return value, from
}
