package main

import (
	"cmp"
	"os"
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

// configInForce returns the settings of this run. With an error in the daemon's
// file it returns the settings that hold without it.
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

// fileOrNone names a configuration file for people.
func (a *app) fileOrNone(path protocol.Path, exists bool) string {
	name := human.Clean(cmp.Or(a.path(path), "none"))
	return name + only(!exists, " (not there)")
}

func (*configCmd) Run(a *app) error {
	r, err := a.configInForce()
	if err != nil {
		return err
	}
	err = a.term.show(r, func() { a.printConfig(r) })
	a.noteUnseen(r.Settings)
	return err
}

func (a *app) printConfig(r configResult) {
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
}

// noteUnseen names the variables of this shell that set something of the daemon, as
// a daemon that systemd starts does not see them.
func (a *app) noteUnseen(settings []configSetting) {
	var names []string
	for _, s := range settings {
		if _, own := a.ownSetting(s.Key); s.Source == flags.FromEnv && !own {
			names = append(names, flags.EnvName(strings.ReplaceAll(s.Key, "_", "-")))
		}
	}
	if len(names) == 0 {
		return
	}
	if u, ok := a.units(); ok {
		a.term.note("\n%s starts the daemon, which does not see %s of this shell, but reads the file.", u.Manager, strings.Join(names, ", "))
	}
}

// ownSetting returns the value in force of a setting that this program uses
// itself, and false for one that only the daemon uses.
func (a *app) ownSetting(key string) (value string, own bool) {
	value, own = map[string]string{
		"system": strconv.FormatBool(a.daemon.System), "instance": a.daemon.Instance, "data_dir": a.daemon.DataDir, "socket": a.daemon.Socket,
		"library": a.cli.Library, "host": a.cli.Host, "ssh": a.cli.SSH, "no_color": strconv.FormatBool(a.cli.NoColor),
	}[key]
	return value, own
}

// fromService is the source of what the machine's service sets, whatever the user's
// settings are.
const fromService flags.Source = "service"

// setting returns the value in force of a key of the file, and where it comes
// from. What only the daemon uses comes from theirs, its file.
func (a *app) setting(key string, theirs *flags.File) (string, flags.Source) {
	flag := strings.ReplaceAll(key, "_", "-")
	value, own := a.ownSetting(key)
	switch {
	case a.daemon.System && (key == "data_dir" || key == "socket") && !a.named(flag):
		return value, fromService
	case a.daemon.System && key == "admit_group":
		return config.SystemGroup, fromService
	case own:
		return value, a.source(flag)
	}
	// The daemon's flags have variables too; its limits have none.
	if v, ok := os.LookupEnv(flags.EnvName(flag)); ok && !a.daemon.System && !strings.Contains(key, ".") {
		return v, flags.FromEnv
	}
	if theirs.Config.InFile(key) {
		return theirs.Config.Text(key), flags.FromFile
	}
	return theirs.Config.Text(key), flags.FromDefault
}
