package packaging

import (
	"cmp"
	"io/fs"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Options say what is rendered or installed, and where.
type Options struct {
	Program    string // absolute path of spacedrived
	DataDir    string // absolute; "" means the default of the user, or of the machine
	ConfigFile string // absolute; "" leaves a user's daemon its default, and means /etc/spacedrive/config.toml for the machine's
	Instance   string // "" means default
	System     bool   // the machine's daemon instead of a user's
	Group      string // number of the group that may connect to the machine's daemon, for launchd, which takes no name
	Manager    Manager
	UnitDir    string // "" means where the manager looks for what the administrator, or the user, puts there
	Packaged   bool   // for a package, not for Install
	DryRun     bool   // only report what would be done
}

// A Manager is what starts and stops services on a machine.
type Manager string

// The managers that files can be rendered for.
const (
	Systemd Manager = "systemd"
	Launchd Manager = "launchd"
	OpenRC  Manager = "openrc"
	SysV    Manager = "sysv" // scripts in /etc/init.d
)

// A File is a file of a package or an installation.
type File struct {
	Path    string // absolute
	Content []byte
	Mode    fs.FileMode
}

// MarshalText returns the path, which is all that JSON shows of a file.
func (f File) MarshalText() ([]byte, error) { return []byte(f.Path), nil }

// Files renders the files that the manager needs for the daemon, the file that names
// the service first. It writes nothing, and reads the environment only for an empty
// UnitDir of a user's service.
func Files(o Options) ([]File, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	switch o.Manager {
	case Systemd:
		return systemdFiles(o)
	case Launchd:
		return plist(o)
	case OpenRC, SysV:
		return initScript(o)
	}
	return nil, protocol.Invalid("manager", "no service manager %q", o.Manager).WithHint("one of systemd, launchd, openrc, sysv")
}

// places returns the files as Files does, for callers that need only their paths: it
// does not check the program.
func places(o Options) ([]File, error) {
	o.Program = packagedProgram
	return Files(o)
}

// named adds an instance to a name, after separator, except for the default one.
func named(name, separator, instance string) string {
	if instance == "" || instance == config.DefaultInstance {
		return name
	}
	return name + separator + instance
}

func (o Options) check() error {
	if err := checkInstance(o.Instance); err != nil {
		return err
	}
	if err := checkProgramPath(o.Program); err != nil {
		return err
	}
	for _, path := range []struct{ field, path string }{{"data_dir", o.DataDir}, {"config", o.ConfigFile}} {
		if path.path == "" {
			continue
		}
		if err := checkPath(path.field, path.path); err != nil {
			return err
		}
	}
	if o.DataDir == "" && !o.System {
		return nil // which systemd finds
	}
	return checkSocketPath(o.socket(), o.Manager)
}

// configFile returns the value of the daemon's --config, "" for none.
func (o Options) configFile() string {
	if o.System {
		return cmp.Or(o.ConfigFile, config.SystemConfigPath)
	}
	return o.ConfigFile
}

// dataDir returns the data folder in force.
func (o Options) dataDir() string {
	switch {
	case o.DataDir != "":
		return filepath.Clean(o.DataDir)
	case o.System:
		return config.SystemDataDirOn(o.system())
	}
	return config.DataDir()
}

// socket returns where clients of the instance find the daemon.
func (o Options) socket() string {
	if o.System {
		return config.SystemSocketPathOn(o.system(), o.Instance)
	}
	return config.SocketPath(o.dataDir(), o.Instance)
}

// system returns the operating system of the manager, as Go names it, which
// need not be this one's.
func (o Options) system() string {
	if o.Manager == Launchd {
		return "darwin"
	}
	return "linux"
}

// settings returns the daemon's command line after --data-dir and its value, without
// what differs between managers: the instance, and a socket that is not passed.
func (o Options) settings() []string {
	var words []string
	if file := o.configFile(); file != "" {
		words = append(words, "--config", file)
	}
	if o.System {
		words = append(words, "--admit-group", config.SystemGroup)
	}
	return words
}

func (o Options) instance() string { return cmp.Or(o.Instance, config.DefaultInstance) }

func checkInstance(name string) error {
	if name == "" {
		return nil
	}
	if err := config.CheckInstanceName(name); err != nil {
		return protocol.Invalid("instance", "%w", err)
	}
	return nil
}
