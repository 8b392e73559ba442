package flags

import (
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

// Manual says what the page of spacedrived says beyond its options.
func (*Daemon) Manual() string {
	return `
The daemon keeps an index of a person's files and serves it to clients on a unix
socket: to 'spacedrive', and to any program that speaks the protocol, JSON lines
or CBOR frames. It does all work; a client only asks. It never touches a file
that it was not told to touch.

# How it is started

It need not be. Where its socket unit is installed, systemd listens, and starts
the daemon at the first connection; when nothing has been asked of it for some
minutes, and no job runs, it ends, and the socket starts it again. On macOS
launchd does the same. Without either, 'spacedrive start' starts it.

On its own, it makes its socket, in a folder that only its user can enter, and
runs until it is stopped. Only one daemon has a socket and a data folder at a
time; a second one ends with an error that names the first.

A configuration that is wrong does not keep an activated daemon from starting:
it says what is wrong to whoever connects, as ending would have the service
manager start it again and again.

# Who may connect

The daemon's own user, and root; with --admit-group the members of that group,
too. Everyone else is refused, by the credentials that the kernel gives for the
other end of the socket. What each of them does is in the log, with their uid.

The machine's daemon, which a whole household or office shares, runs as the user
spacedrive and serves the group of that name; 'spacedrive --system' talks to it.

# Sessions on stdin and stdout

With --stdio, it serves one session and ends with it. Where a daemon answers on
the socket, the session is passed on to that one; where none runs, it opens the data itself.
This is what 'spacedrive --host' starts on the other machine, and with --system
what 'spacedrive --host --system' does: the session is then the machine's
daemon's, and where that does not run, or does not admit this user, it is told
so, and never served from the user's own data.

# Signals

SIGTERM, SIGINT
    End. Calls that are running, and jobs, get five seconds each; a job that is
    not done by then is paused at its last checkpoint, and goes on at the next
    start.
SIGHUP
    Read the configuration file again. Limits, the log level and the idle time
    change at once, the rest at the next start.
SIGUSR1
    Write down connections, calls and goroutines in 'logs/debug.json' in the data
    folder.

It may be killed at any moment: nothing that it said was done is lost, and jobs
go on from their last checkpoint.

# Exit status

0
    It ended as it was asked to, or had nothing to do.
1
    It could not start, or failed.
2
    The command line is wrong.

# Environment

Each option that sets something has a variable, such as SPACEDRIVE_DATA_DIR, which
counts for less than the option and for more than the file. --stdio, --system,
--version and --help have none. An option --instance or --data-dir also counts for
more than a socket from the environment or the file. Besides:

XDG_DATA_HOME, XDG_CONFIG_HOME
    Where the data folder and the configuration file are by default.
LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES, NOTIFY_SOCKET
    What systemd tells a service, as described in sd_listen_fds(3) and
    sd_notify(3). A socket's name is its instance's.

# Files

~/.config/spacedrive/config.toml
    The configuration file: spacedrive.toml(5).
~/.local/share/spacedrive
    The data folder; on macOS ~/Library/Application Support/spacedrive.
~/.local/share/spacedrive/daemon/daemon.sock
    The socket; for the instance NAME 'daemon-NAME.sock' beside it.
~/.local/share/spacedrive/libraries
    A folder for each library, with its database.
~/.local/share/spacedrive/instances/NAME
    The data of the instance NAME.
~/.local/share/spacedrive/logs/daemon.log
    The log, where it does not go to the journal.
/etc/spacedrive/config.toml, /var/lib/spacedrive, /run/spacedrive/daemon.sock
    The same of the machine's daemon.

# Examples

Serve a folder of its own until Ctrl-C, with lines for people:
    spacedrived --data-dir ~/trial --log-format console --log-level debug

Ask one question of it without a socket:
    echo '{"type":"query","method":"core.status"}' | spacedrived --stdio

# See also

spacedrive(1), spacedrive-start(1), spacedrive-service(1), spacedrive.toml(5), systemd.socket(5)
`
}
