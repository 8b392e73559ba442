package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
	"github.com/spacedrive-go/spacedrive/protocol/version"
	"github.com/spacedrive-go/spacedrive/service"
)

// A commandLine has the flags of spacedrived. Missing ones come from the
// environment, then from the configuration file.
type commandLine struct {
	flags.Daemon
	parsed *kong.Context
}

// parse reads the command line. The error of a bad configuration file is ConfigErr
// in the options: an activated daemon answers its clients with it.
func parse(args []string) (options, error) {
	flags.IgnoreEmpty()
	var c commandLine
	k, err := flags.NewDaemon(&c, config.DefaultPath(), version.String())
	if err != nil {
		return options{}, err
	}
	if c.parsed, err = k.Parse(args); err != nil {
		return options{}, fmt.Errorf("%w (see spacedrived --help)", err)
	}
	if err := c.check(); err != nil {
		return options{}, err
	}
	o := service.Options{Version: version.String(), Reload: c.load, Instances: c.Instance}
	o.Config, o.ConfigErr = c.load()
	if len(o.Instances) == 0 {
		o.Instances = []string{o.Config.Instance}
	}
	if o.Config.DataDir == "" && o.ConfigErr == nil && !c.System {
		return options{}, fmt.Errorf("no data folder: neither HOME nor XDG_DATA_HOME is set (give one: --data-dir DIR)")
	}
	return options{o, c.Stdio, c.System}, nil
}

// refusing returns the options of a daemon that has inherited sockets and a bad
// command line: it answers every connection with the error. If it exited, the
// service manager would start it for the same connection again and again. It uses
// the arguments for the names of launchd's sockets and for the admitted group.
func refusing(args []string, why error) options {
	o := service.Options{Version: version.String(), Config: config.Default(), ConfigErr: why}
	o.Instances = given(args, "--instance")
	o.Config.AdmitGroup = os.Getenv(flags.EnvPrefix + "_ADMIT_GROUP")
	for _, group := range given(args, "--admit-group") {
		o.Config.AdmitGroup = group
	}
	o.Reload = func() (config.Config, error) { return o.Config, why }
	return options{Options: o}
}

// given returns the values of a flag among arguments that may be invalid.
func given(args []string, flag string) (values []string) {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, flag+"="); ok {
			values = append(values, value)
		} else if arg == flag && i+1 < len(args) {
			values = append(values, args[i+1])
		}
	}
	return values
}

func (c *commandLine) check() (err error) {
	for _, name := range c.Instance {
		if err := config.CheckInstanceName(name); err != nil {
			return err
		}
	}
	if c.System && !c.Stdio {
		return fmt.Errorf("--system goes with --stdio; the machine's daemon is started by its service: sudo spacedrive --system start")
	}
	if c.Socket != "" && len(c.Instance) > 1 {
		return fmt.Errorf("--socket is one instance's, and %d are named", len(c.Instance))
	}
	for _, path := range []*string{&c.DataDir, &c.Socket, &c.Config} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	return nil
}

// load reads the configuration file and overrides it with the command line and the
// environment.
func (c *commandLine) load() (config.Config, error) {
	cfg, err := config.Load(c.Config)
	cfg.DataDir = cmp.Or(c.DataDir, cfg.DataDir)
	source := func(flag string) flags.Source { return flags.SourceOf(c.parsed, &cfg, flag) }
	if flags.Overruled(source, "socket", "instance", "data-dir") {
		cfg.Socket = ""
	} else {
		cfg.Socket = cmp.Or(c.Socket, cfg.Socket)
	}
	cfg.LogFormat = cmp.Or(c.LogFormat, cfg.LogFormat)
	cfg.LogLevel = cmp.Or(c.LogLevel, cfg.LogLevel)
	cfg.AdmitGroup = cmp.Or(c.AdmitGroup, cfg.AdmitGroup)
	if c.IdleTimeout != nil {
		cfg.IdleTimeout = max(*c.IdleTimeout, 0)
	}
	return cfg, err
}

// options are the parsed command line.
type options struct {
	service.Options
	stdio  bool
	system bool // stdio connects to the machine's daemon
}
