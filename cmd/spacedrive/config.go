package main

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

var _ = register[configCmd]("config", groupRun)

type configCmd struct{}

// configResult is the document that --json prints. The machine's daemon has a
// file of its own, which daemon_file names.
type configResult struct {
	File         protocol.Path   `json:"file"`
	Exists       bool            `json:"exists"`
	DaemonFile   protocol.Path   `json:"daemon_file,omitzero"`
	DaemonExists *bool           `json:"daemon_file_exists,omitzero"`
	Settings     []configSetting `json:"settings"`
}

type configSetting struct {
	Key    string       `json:"key"`
	Value  string       `json:"value"`
	Source flags.Source `json:"source"`
}

// configInForce returns the settings of this run, and beside an error in the
// daemon's file those that hold without it.
func (a *app) configInForce() (configResult, error) {
	r := configResult{File: protocol.Path(a.file.Path), Exists: a.file.Exists()}
	theirs := a.file
	if a.daemon.System {
		theirs = flags.Read(config.SystemConfigPath)
		r.DaemonFile, r.DaemonExists = config.SystemConfigPath, new(theirs.Exists())
	}
	for _, key := range config.Keys() {
		value, from := a.setting(key, theirs)
		r.Settings = append(r.Settings, configSetting{key, value, from})
	}
	return r, theirs.Err
}

// fileOrNone names a configuration file as a person reads it.
func (a *app) fileOrNone(path protocol.Path, exists bool) string {
	name := human.Clean(cmp.Or(a.path(path), "none"))
	return name + only(!exists, " (not there)")
}

func (*configCmd) Run(a *app) error {
	r, err := a.configInForce()
	if err != nil {
		return err
	}
	if a.cli.JSON {
		a.noteUnseen(r.Settings)
		return a.term.printJSON(r)
	}
	a.term.printf("%s  %s\n", paint(a.term.color, faint, "file"), a.fileOrNone(r.File, r.Exists))
	if r.DaemonFile != "" {
		a.term.printf("%s  %s\n", paint(a.term.color, faint, "daemon's file"), a.fileOrNone(r.DaemonFile, *r.DaemonExists))
	}
	a.term.printf("\n")
	t := newTable("SETTING", "VALUE", "FROM")
	for _, s := range r.Settings {
		t.add(s.Key, s.Value, string(s.Source))
	}
	t.print(a.term)
	a.noteUnseen(r.Settings)
	return nil
}

// noteUnseen names the variables of this shell that are about the daemon, and
// which one that systemd starts does not see.
func (a *app) noteUnseen(settings []configSetting) {
	var names []string
	for _, s := range settings {
		if s.Source == flags.FromEnv && !slices.Contains(ownSettings, s.Key) {
			names = append(names, flags.EnvName(strings.ReplaceAll(s.Key, "_", "-")))
		}
	}
	if len(names) == 0 {
		return
	}
	if u, ok := a.units(); ok {
		a.term.note("\n%s starts the daemon, which does not see %s of this shell; what is in the file it does.", u.Manager, strings.Join(names, ", "))
	}
}

// ownSettings are those that this program heeds, whatever the daemon does.
var ownSettings = []string{"system", "instance", "library", "host", "ssh", "no_color", "data_dir", "socket"}

// setting returns the value in force of a key of the file, and where it comes
// from. What only the daemon reads comes from theirs, its file.
func (a *app) setting(key string, theirs *flags.File) (string, flags.Source) {
	flag := strings.ReplaceAll(key, "_", "-")
	from := a.source(flag)
	switch key {
	case "system":
		return strconv.FormatBool(a.daemon.System), from
	case "instance":
		return a.daemon.Instance, from
	case "library":
		return a.cli.Library, from
	case "host":
		return a.cli.Host, from
	case "ssh":
		return a.cli.SSH, from
	case "no_color":
		return strconv.FormatBool(a.cli.NoColor), from
	case "data_dir":
		return a.daemon.DataDir, a.unlessOfService(flag, from)
	case "socket":
		return a.daemon.Socket, a.unlessOfService(flag, from)
	case "admit_group":
		if a.daemon.System {
			return config.SystemGroup, fromService
		}
	}
	// The daemon's flags have their environment too, but for the limits.
	if v, ok := os.LookupEnv(flags.EnvName(flag)); ok && !a.daemon.System && !strings.Contains(key, ".") {
		return v, flags.FromEnv
	}
	if theirs.Config.InFile(key) {
		return theirs.Config.Text(key), flags.FromFile
	}
	return theirs.Config.Text(key), flags.FromDefault
}

// fromService is where the machine's daemon has a setting from.
const fromService flags.Source = "service"

// unlessOfService returns from, but where the service of the machine's daemon
// says what the user's settings cannot.
func (a *app) unlessOfService(flag string, from flags.Source) flags.Source {
	if a.daemon.System && !a.named(flag) {
		return fromService
	}
	return from
}
