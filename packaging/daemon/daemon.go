// Package daemon finds, starts and stops the daemon, for every program that is a
// client of it: a command line, a tray, a window, a gateway.
//
// At returns the daemon that a command line names; Start connects to it, and
// starts it where none runs.
package daemon

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/logfile"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// A Daemon says which daemon is meant and where it is. Use At to make one.
type Daemon struct {
	Instance string
	DataDir  string // absolute
	Socket   string
	System   bool   // the machine's daemon instead of the user's
	Config   string // file that a daemon is started with; "" for its default

	// DataDirGiven and SocketGiven say that the user chose these for this run. Then
	// the installed units belong to other daemons. With SocketGiven, so does the lock
	// of the data folder.
	DataDirGiven, SocketGiven bool

	// Target says how to connect: the socket, and the instance that must answer. The
	// program adds its name, timeouts and encoding.
	Target client.Target
}

// At returns the daemon at a place, after flags.Place.Settle. The configuration file's
// settings c fill in what the place leaves out. source says where the values of the
// place come from.
func At(p flags.Place, c config.Config, source func(flag string) flags.Source) Daemon {
	d := Daemon{
		Instance:     cmp.Or(p.Instance, config.DefaultInstance),
		DataDir:      cmp.Or(p.DataDir, c.DataDir),
		System:       p.System,
		DataDirGiven: p.DataDir != "" && source("data-dir").Given(),
		SocketGiven:  p.Socket != "" && source("socket").Given(),
	}
	if p.System {
		d.DataDir = cmp.Or(p.DataDir, packaging.InstalledDataDir())
	}
	if abs, err := filepath.Abs(d.DataDir); err == nil && d.DataDir != "" {
		d.DataDir = abs
	}
	switch {
	case p.Socket != "":
		d.Socket = p.Socket
	case p.System:
		d.Socket = config.SystemSocketPath(d.Instance)
	default:
		d.Socket = config.SocketPath(d.DataDir, d.Instance)
	}
	d.Target = client.Socket(d.Socket)
	if p.Socket == "" || p.Instance != "" && !source("socket").Beats(source("instance")) {
		d.Target.Instance = d.Instance
	}
	if p.Socket != "" && p.DataDir != "" && source("data-dir") == flags.FromFlag {
		d.Target.DataDir = config.InstanceDir(d.DataDir, d.Instance)
	}
	return d
}

// Options returns the options for package packaging that mean this daemon's service.
func (d *Daemon) Options() packaging.Options {
	return packaging.Options{Instance: d.Instance, System: d.System}
}

// Units returns the installed units that hold the daemon's socket, and false
// where there are none, or the user chose another data folder or socket.
func (d *Daemon) Units() (packaging.States, bool) {
	if d.DataDirGiven || d.SocketGiven {
		return packaging.States{}, false
	}
	u, err := packaging.StatesOf(d.Options())
	return u, err == nil && u.Socket.Load == "loaded" && SameSocket(u.Socket.Listen, d.Socket)
}

// Systemctl returns the command by which the user runs systemctl for the daemon's
// units.
func (d *Daemon) Systemctl() string { return packaging.Systemctl(d.System) }

// Log returns where the daemon logs to: the journal, where systemd runs it, else
// its file.
func (d *Daemon) Log() logfile.Log {
	if u, ok := d.Units(); ok && u.Manager == packaging.Systemd {
		return logfile.Log{Unit: u.Service.Name, System: d.System}
	}
	return logfile.Log{File: logfile.Path(d.DataDir)}
}

// SameSocket reports whether two paths are of one socket, which need not exist.
func SameSocket(a, b string) bool { return a == b || inRealFolder(a) == inRealFolder(b) }

// inRealFolder returns the path without links in its folders, as far as they
// exist.
func inRealFolder(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	if dir == "" || name == "" {
		return path
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return filepath.Join(real, name)
	}
	return filepath.Join(inRealFolder(filepath.Clean(dir)), name)
}

// Args returns the flags with which spacedrived is this daemon.
func (d *Daemon) Args() []string {
	args := []string{"--instance", d.Instance, "--data-dir", d.DataDir}
	if d.Socket != config.SocketPath(d.DataDir, d.Instance) {
		socket := d.Socket
		if abs, err := filepath.Abs(socket); err == nil {
			socket = abs // spacedrived runs in another folder
		}
		args = append(args, "--socket", socket)
	}
	if d.Config != "" {
		args = append(args, "--config", d.Config)
	}
	return args
}

// Program finds spacedrived: beside this program, else on the PATH.
func Program() (string, error) {
	const name = "spacedrived"
	if self, err := os.Executable(); err == nil {
		for _, place := range []string{self, realPath(self)} {
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
		return "", protocol.Errorf(protocol.ConnectionFailed, "cannot find %s, the daemon: it is neither beside this program nor on the PATH", name).
			With("reason", client.ReasonNoProgram).WithHint("install it in the folder where spacedrive is")
	}
	return path, nil
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
