package flags

import (
	_ "embed"
	"time"

	"github.com/alecthomas/kong"
)

// Daemon is the command line of spacedrived. It stands here so that spacedrive
// can write its manual without a part of the daemon.
type Daemon struct {
	Instance    []string         `placeholder:"NAME" help:"Serve this instance; may be given several times. Inherited sockets name theirs."`
	DataDir     string           `placeholder:"DIR" help:"Keep data here."`
	Socket      string           `placeholder:"PATH" help:"Listen here."`
	Config      string           `placeholder:"FILE" default:"${config}" help:"Read this configuration file (default ${config})."`
	LogFormat   string           `enum:",auto,journald,json,console" default:"" placeholder:"FORMAT" help:"Where log lines go: auto, journald, json or console."`
	LogLevel    string           `enum:",trace,debug,info,warn,error" default:"" placeholder:"LEVEL" help:"The least severe lines to log: trace, debug, info, warn or error."`
	IdleTimeout *time.Duration   `placeholder:"D" help:"When activated, end after so long without work; 0 for never."`
	AdmitGroup  string           `placeholder:"GROUP" help:"Serve the members of this group too, besides the daemon's own user and root."`
	Stdio       bool             `env:"-" help:"Serve one session on stdin and stdout, through the daemon where one answers."`
	System      bool             `env:"-" help:"With --stdio: be about this machine's daemon, at its own socket, and no other."`
	Version     kong.VersionFlag `env:"-" help:"Print the version."`
}

// HelpHelp is the help of --help, in both programs.
const HelpHelp = "Print help."

// NewDaemon returns the parser of spacedrived's command line. grammar is a
// *Daemon, or a pointer to a struct that one is embedded in; path is the
// default configuration file.
func NewDaemon(grammar any, path, version string) (*kong.Kong, error) {
	k, err := kong.New(grammar,
		kong.Name("spacedrived"),
		kong.Description("The spacedrive daemon. It is usually started by systemd or launchd on the first connection to its socket, or by: spacedrive start"),
		kong.DefaultEnvars(EnvPrefix),
		Verbatim(),
		kong.Vars{"config": path, "version": version},
	)
	if err == nil {
		k.Model.HelpFlag.Help = HelpHelp
	}
	return k, err
}

// DaemonManual is the text of spacedrived's manual page, for packaging/manual.
//
//go:embed spacedrived.md
var DaemonManual string
