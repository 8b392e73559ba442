package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

// An app is what a command runs with.
type app struct {
	cli  *cli
	file *flags.File
	kong *kong.Context
	term *terminal

	interrupts *interrupts
	ctx        context.Context // of interrupts

	wireJSON bool // talk JSON to the daemon even where people read the result

	conn    *client.Client // nil until connect
	connErr error          // why the last connect failed
	told    bool           // diagnose has told
	library *protocol.ID   // nil until libraryID
	suggest string         // library that suggested commands name, where the default is not that of this run
	trace   string
}

// close ends the connection, if there is one.
func (a *app) close() {
	if a.conn != nil {
		_ = a.conn.Close() // what it had to say has been said
		a.conn = nil
	}
}

// instance returns the instance that the command is about.
func (a *app) instance() string {
	if a.cli.Instance == "" || a.system() && !a.source("instance").given() {
		return config.DefaultInstance
	}
	return a.cli.Instance
}

// system reports whether the command is about the machine's daemon. A data
// folder or a socket on this command line counts for more than a setting.
func (a *app) system() bool {
	return a.cli.System && (a.source("system") == fromFlag || !a.named("data-dir") && !a.named("socket"))
}

// named reports whether the flag stands on this command line.
func (a *app) named(flag string) bool { return a.source(flag) == fromFlag }

// dataDir returns the daemon's data folder, absolute. The user's settings say
// nothing of the machine's.
func (a *app) dataDir() string {
	dir := a.cli.DataDir
	switch {
	case a.system() && !a.named("data-dir"):
		return packaging.InstalledDataDir()
	case dir == "":
		return a.file.Config.DataDir
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// socket returns the daemon's socket.
func (a *app) socket() string {
	switch {
	case a.system() && !a.named("socket"):
		return config.SystemSocketPath(a.instance())
	case a.cli.Socket != "":
		return a.cli.Socket
	}
	return config.SocketPath(a.dataDir(), a.instance())
}

// explicit reports whether the person named the data folder or the socket of
// this run, which leaves an installed unit alone.
func (a *app) explicit() bool {
	if a.system() {
		return a.named("data-dir") || a.named("socket")
	}
	return a.source("data-dir").given() || a.source("socket").given()
}

// A source says where the value of a setting comes from.
type source string

const (
	fromFlag    source = "flag"
	fromEnv     source = "environment"
	fromFile    source = "file"
	fromService source = "service" // by which the machine's daemon is started
	fromDefault source = "default"
)

// given reports whether the value is of this run, not of the settings.
func (s source) given() bool { return s == fromFlag || s == fromEnv }

// source returns where the value of a flag comes from.
func (a *app) source(flag string) source {
	for _, p := range a.kong.Path {
		if p.Flag != nil && p.Flag.Name == flag && !p.Resolved {
			return fromFlag
		}
	}
	if _, ok := os.LookupEnv(envName(flag)); ok {
		return fromEnv
	}
	if a.file.Config.InFile(strings.ReplaceAll(flag, "-", "_")) {
		return fromFile
	}
	return fromDefault
}

// whence names the place that a flag has its value from, for a person to mend.
func (a *app) whence(flag string) string {
	switch a.source(flag) {
	case fromEnv:
		return envName(flag)
	case fromFile:
		return a.file.Path
	}
	return "--" + flag
}

func envName(flag string) string {
	return flags.EnvPrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// target returns where the daemon of this run is.
func (a *app) target() (client.Target, error) {
	var t client.Target
	switch {
	case a.cli.Host != "":
		var err error
		if t, err = client.SSH(a.cli.Host, a.cli.SSH, a.remoteArgs()...); err != nil {
			return t, usageError{err}
		}
		t.Stderr = a.term.err
	case a.cli.Standalone:
		program, err := daemonProgram()
		if err != nil {
			return t, connectError{err}
		}
		t = client.Child(program, a.daemonArgs()...)
	default:
		t = client.Socket(a.socket())
	}
	t.Client = "spacedrive/" + version.String()
	t.GiveUpAfter, t.BeforeRedial = a.cli.Reconnect, a.beforeRedial
	t.Silence = silence
	if a.cli.Host != "" {
		t.Silence = hostSilence
	}
	if a.cli.JSON || a.wireJSON {
		// What is passed on must be JSON all the way: an id inside of an
		// event's data is text there, and bytes in CBOR.
		t.Encoding = protocol.JSON
	}
	return t, nil
}

// How long a daemon that is asked for something may give no sign of life; a
// network may be gone for a while, too.
const (
	silence     = 10 * time.Second
	hostSilence = 30 * time.Second
)

// connect returns the connection to the daemon. It starts none, though the
// service manager may, by the connection.
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
		if reason(err) == client.ReasonNoAnswer {
			a.diagnose() // now: the command may have another way
		}
		return nil, connectError{err}
	}
	a.conn = c
	return c, nil
}

// reason returns why a connection failed, or ended, "" for another error.
func reason(err error) string {
	var wire *protocol.Error
	if !errors.As(err, &wire) {
		return ""
	}
	switch wire.Code {
	case protocol.ConnectionFailed, protocol.ReadError, protocol.WriteError:
		s, _ := wire.Details["reason"].(string)
		return s
	}
	return ""
}

// absent reports whether err says that no daemon runs at all.
func absent(err error) bool {
	r := reason(err)
	return r == client.ReasonNotFound || r == client.ReasonRefused
}

// daemonArgs returns the flags that have spacedrived serve what this run is
// about.
func (a *app) daemonArgs() []string {
	args := []string{"--instance", a.instance(), "--data-dir", a.dataDir()}
	if a.cli.Socket != "" || a.system() {
		args = append(args, "--socket", a.socket())
	}
	if !a.file.Missing && a.file.Path != "" {
		args = append(args, "--config", a.file.Path)
	}
	return args
}

// remoteArgs returns the flags for spacedrived on another machine. This one's
// settings are not its business, only what the person gave in this run.
func (a *app) remoteArgs() []string {
	var args []string
	if a.instance() != config.DefaultInstance {
		args = append(args, "--instance", a.instance())
	}
	switch {
	case a.named("socket"):
		args = append(args, "--socket", a.cli.Socket)
	case a.system(): // where its socket is, that machine knows
		return append(args, "--system")
	}
	if a.named("data-dir") {
		args = append(args, "--data-dir", a.cli.DataDir)
	}
	return args
}

// daemonProgram finds spacedrived: beside this program, else on the PATH.
func daemonProgram() (string, error) {
	const name = "spacedrived"
	if self, err := os.Executable(); err == nil {
		for _, place := range []string{self, resolved(self)} {
			beside := filepath.Join(filepath.Dir(place), name)
			if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return beside, nil
			}
		}
	}
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", protocol.Errorf(protocol.ConnectionFailed, "cannot find %s, the daemon: it is not beside spacedrive, nor on the PATH", name).
			With("reason", "no_program").WithHint("install it in the folder where spacedrive is")
	}
	return path, nil
}

func resolved(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// programName returns how to call this program again: by its name where the
// PATH leads to it, else as it was called.
func programName() string {
	const name = "spacedrive"
	called := os.Args[0]
	if !strings.ContainsRune(called, filepath.Separator) {
		return name
	}
	if path, err := exec.LookPath(name); err == nil && resolved(path) == resolved(called) {
		return name
	}
	return called
}
