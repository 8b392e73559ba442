// Package packaging puts the daemon under the care of the user's systemd: it
// renders the units, installs and removes them, and tells how they are.
//
// UserUnits is the one source of the units, for packages as for
// "spacedrive service install"; Install and Uninstall are that command. The
// units' text stands in spacedrive.socket.in and spacedrive.service.in, and
// docs/hardening.md gives the reason of every line.
//
// The daemon process itself runs under github.com/kardianos/service; this
// package asks systemctl instead. That library knows one unit, of type
// service, in ~/.config whatever XDG_CONFIG_HOME says; it refuses to replace
// one, enables it before systemd has read it, and looks for six init systems
// when the program starts, which each run of the command line would pay for.
package packaging

import (
	"io/fs"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Options say what is installed, and where.
type Options struct {
	Program    string // absolute path of spacedrived
	DataDir    string // absolute; "" means $XDG_DATA_HOME/spacedrive
	ConfigFile string // absolute; "" leaves the daemon its default
	Instance   string // which instance Control, Status and Report.Next are about; "" means default
	UnitDir    string // "" means $XDG_CONFIG_HOME/systemd/user
	DryRun     bool   // only tell what would be done
}

// A File is one that a package or an installation puts in place.
type File struct {
	Path    string // absolute
	Content []byte
	Mode    fs.FileMode
}

// SocketUnit returns the name of the unit that holds an instance's socket.
func SocketUnit(instance string) string { return unitName(instance, ".socket") }

// ServiceUnit returns the name of the unit that runs an instance's daemon.
func ServiceUnit(instance string) string { return unitName(instance, ".service") }

func unitName(instance, suffix string) string {
	if instance == "" || instance == "default" {
		return "spacedrive" + suffix
	}
	return "spacedrive@" + instance + suffix
}

func checkInstance(name string) error {
	if name == "" {
		return nil
	}
	if err := config.CheckInstanceName(name); err != nil {
		return protocol.Invalid("instance", "%w", err)
	}
	return nil
}
