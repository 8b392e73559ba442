package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

// An app is what a command runs with.
type app struct {
	cli     *cli
	file    *flags.File
	kong    *kong.Context
	cleared []string      // flags whose values a stronger source overrules
	daemon  daemon.Daemon // on this machine
	term    *terminal

	interrupts *interrupts
	ctx        context.Context // of interrupts

	wireJSON bool // use JSON on the wire even where people read the result

	conn      *client.Client // nil until connect
	connErr   error          // why the last connect failed
	diagnosed bool           // diagnose has printed
	library   *protocol.ID   // nil until libraryID
	suggest   string         // library that suggested commands name, where the default is not that of this run
	trace     string
}

func newApp(p parsed) *app {
	return &app{cli: p.cli, file: p.file, kong: p.kong, term: newTerminal(os.Stdin, os.Stdout, os.Stderr)}
}

// settle decides which daemon this run is about. A place that a flag or the
// environment names overrules weaker sources.
func (a *app) settle() error {
	c := a.cli
	is := func(flag string, on bool) flags.Source {
		if on {
			return a.source(flag)
		}
		return flags.FromDefault
	}
	host, standalone, system := is("host", c.Host != ""), is("standalone", c.Standalone), is("system", c.System)
	var cleared []string
	if standalone.Beats(system) && c.System {
		c.System, cleared = false, append(cleared, "system")
	}
	if c.Host != "" && standalone.Beats(host) {
		c.Host, cleared = "", append(cleared, "host")
	}
	if c.Standalone && (host.Beats(standalone) || system.Beats(standalone)) {
		c.Standalone, cleared = false, append(cleared, "standalone")
	}
	a.cleared = cleared
	more, err := c.Settle(a.source)
	a.cleared = append(a.cleared, more...)
	a.daemon = daemon.At(c.Place, a.file.Config, a.source)
	if !a.file.Missing {
		a.daemon.Config = a.file.Path
	}
	a.daemon.Target = a.withProgram(a.daemon.Target)
	if !a.source("library").Given() {
		c.Library = a.defaultLibrary()
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

// withProgram adds this program's name, timeouts and encoding to a target.
func (a *app) withProgram(t client.Target) client.Target {
	t.Client = "spacedrive/" + version.String()
	t.GiveUpAfter, t.BeforeRedial = a.cli.Reconnect, a.beforeRedial
	t.Silence = silence
	if a.cli.Host != "" {
		t.Silence = hostSilence
	}
	if a.cli.JSON || a.wireJSON {
		// What is printed as JSON must come as JSON: an id in an event's data
		// is text there, and bytes in CBOR.
		t.Encoding = protocol.JSON
	}
	return t
}

// close ends the connection, if there is one.
func (a *app) close() {
	if a.conn != nil {
		_ = a.conn.Close() // all answers have been read
		a.conn = nil
	}
}

// explicit reports whether the person named the data folder or the socket of
// this run, which leaves an installed unit alone.
func (a *app) explicit() bool { return a.daemon.DataDirGiven || a.daemon.SocketGiven }

// units returns the installed units that hold the socket of this run, and false
// where there are none or the daemon is not on this machine.
func (a *app) units() (packaging.States, bool) {
	if a.cli.Host != "" || a.cli.Standalone {
		return packaging.States{}, false
	}
	return a.daemon.Units()
}

// installedUnits returns the units of this run's instance, whatever socket
// they hold. It fails where there is no service manager, or none of the user's.
func (a *app) installedUnits() (packaging.States, error) {
	return packaging.StatesOf(a.daemon.Options())
}

// local refuses a command that is about this machine where the flags name
// another daemon than this machine's.
func (a *app) local(command string) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return usage("%s is about this machine's daemon; it takes no --host and no --standalone", command)
	}
	return nil
}

// named reports whether the flag is on this command line.
func (a *app) named(flag string) bool { return a.source(flag) == flags.FromFlag }

// source returns where the value of a flag comes from.
func (a *app) source(flag string) flags.Source {
	if slices.Contains(a.cleared, flag) {
		return flags.FromDefault
	}
	from := flags.SourceOf(a.kong, &a.file.Config, flag)
	if flag == "library" && !from.Given() { // the file may have several
		from = flags.FromDefault
		if a.cli.Library != "" {
			from = flags.FromFile
		}
	}
	return from
}

// spelled writes a setting as the user did.
func (a *app) spelled(flag, value string) string {
	switch a.source(flag) {
	case flags.FromEnv:
		return flags.EnvName(flag) + "=" + value
	case flags.FromFile:
		return strings.ReplaceAll(flag, "-", "_") + " = " + value + " in " + a.file.Path
	}
	return "--" + flag + " " + value
}

// target returns where the daemon of this run is.
func (a *app) target() (client.Target, error) {
	switch {
	case a.cli.Host != "":
		t, err := client.SSH(a.cli.Host, a.cli.SSH, a.remoteArgs()...)
		if err != nil {
			return t, usageError{err}
		}
		t.Stderr, t.Instance = a.term.err, a.remoteInstance()
		return a.withProgram(t), nil
	case a.cli.Standalone:
		program, err := daemon.Program()
		if err != nil {
			return client.Target{}, connectError{err}
		}
		t := client.Child(program, a.daemon.Args()...)
		t.Instance, t.DataDir = a.daemon.Target.Instance, a.daemon.Target.DataDir
		return a.withProgram(t), nil
	}
	return a.withProgram(a.daemon.Target), nil
}

// How long a daemon that owes an answer may send nothing; a network may also be
// gone for a while.
const (
	silence     = 10 * time.Second
	hostSilence = 30 * time.Second
)

// connect returns the connection to the daemon. It starts no daemon, but
// connecting may make the service manager start one.
func (a *app) connect() (*client.Client, error) {
	if a.conn != nil {
		return a.conn, nil
	}
	t, err := a.target()
	if err != nil {
		return nil, err
	}
	c, err := client.Dial(a.ctx, t)
	if err != nil {
		a.connErr = err
		if a.ctx.Err() != nil {
			return nil, err
		}
		if client.Reason(err) == client.ReasonNoAnswer {
			a.diagnose() // now: the command may have another way
		}
		return nil, connectError{err}
	}
	a.conn = c
	return c, nil
}

// appliesRemotely reports whether a setting also applies on the machine of --host:
// it does if it was given for this run, or if the file also names the host.
func (a *app) appliesRemotely(flag string) bool {
	s := a.source(flag)
	return s.Given() || s == flags.FromFile && a.source("host") == flags.FromFile
}

// remoteInstance returns the instance to use on the machine of --host, "" for the
// one in that machine's settings.
func (a *app) remoteInstance() string {
	if a.appliesRemotely("instance") {
		return a.cli.Instance
	}
	return ""
}

// remoteArgs returns the flags for spacedrived on that machine.
func (a *app) remoteArgs() []string {
	var args []string
	if instance := a.remoteInstance(); instance != "" {
		args = append(args, "--instance", instance)
	}
	switch {
	case a.named("socket"):
		args = append(args, "--socket", a.cli.Socket)
	case a.daemon.System && a.appliesRemotely("system"): // that machine knows where its socket is
		return append(args, "--system")
	}
	if a.named("data-dir") {
		args = append(args, "--data-dir", a.cli.DataDir)
	}
	return args
}

func resolved(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// programName returns how to call this program again: its name where it is on the
// PATH, else the path by which it was called.
func programName() string {
	const name = "spacedrive"
	called := os.Args[0]
	if !strings.ContainsRune(called, filepath.Separator) {
		return name
	}
	if path, err := exec.LookPath(name); err == nil && packaging.SameFile(path, called) {
		return name
	}
	return called
}
