package packaging

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	kardianos "github.com/kardianos/service"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Detect returns the manager of this machine. kardianos/service reports SysV where it
// knows none.
func Detect() (Manager, error) {
	switch platform := kardianos.Platform(); platform {
	case "linux-systemd":
		return Systemd, nil
	case "darwin-launchd":
		return Launchd, nil
	case "linux-openrc":
		return OpenRC, nil
	case "unix-systemv":
		if _, err := os.Stat("/etc/init.d"); err == nil {
			return SysV, nil
		}
		fallthrough
	default:
		return "", protocol.Errorf(protocol.OperationFailed, "no service manager is known here (%s)", platform).
			WithHint("run the daemon without one: spacedrive start")
	}
}

// controller returns what installs, starts and stops the service whose files,
// as Files returns them, are given. For launchd, OpenRC and SysV it is
// kardianos/service's own with our file in place of its template's, whose
// KeepAlive, root and log files are not for this daemon.
//
// For systemd the library has one unit of type service, enables it before systemd has
// read it, and reports nothing of an error but the exit status, so the type systemd
// replaces it.
func controller(o Options, files []File) (kardianos.Service, error) {
	c := &kardianos.Config{Name: named("spacedrive", "@", o.Instance), Option: kardianos.KeyValue{"UserService": !o.System}}
	switch o.Manager {
	case Launchd:
		c.Name = Label(o.Instance)
	case OpenRC, SysV:
		c.Name = ScriptName(o.Instance)
	}
	if len(files) > 0 && o.Manager != Systemd {
		text := string(files[0].Content)
		if strings.Contains(text, "{{") {
			return nil, protocol.Errorf(protocol.Validation, "a path with {{ in it cannot stand in %s", files[0].Path).
				WithHint("choose another place for the program, or for the data: --data-dir")
		}
		c.Executable = o.Program
		c.Option["LaunchdConfig"], c.Option["OpenRCScript"], c.Option["SysvScript"] = text, text, text
	}
	service, err := kardianos.New(nil, c)
	if err != nil {
		return nil, protocol.Errorf(protocol.OperationFailed, "%w", err)
	}
	if o.Manager == Systemd {
		return &systemd{service, o, files}, nil
	}
	return &script{service, o, files}, nil
}

// A script is a service of a manager that has one file for each service.
type script struct {
	kardianos.Service
	o     Options
	files []File
}

// Install writes the file. It replaces an existing one itself, atomically, which the
// library does not do. Under OpenRC and SysV, which start nothing on demand, the
// library enables a new service at every boot.
func (s *script) Install() error {
	f := s.files[0]
	if s.o.Manager == Launchd && !s.o.System {
		if err := makeAgentFolders(s.o); err != nil {
			return err
		}
	}
	if _, err := os.Stat(f.Path); err == nil {
		return writeFile(f)
	}
	return errors.Join(s.Service.Install(), os.Chmod(f.Path, f.Mode))
}

// Uninstall stops the service and removes the file.
func (s *script) Uninstall() error {
	if status, err := s.Status(); err == nil && status == kardianos.StatusRunning {
		if err := s.Stop(); err != nil {
			return err
		}
	}
	err := s.Service.Uninstall()
	if links, _ := filepath.Glob("/etc/runlevels/*/" + ScriptName(s.o.Instance)); s.o.Manager == OpenRC && missing(s.files[0]) && len(links) == 0 {
		err = nil // rc-update found no link to remove
	}
	if err != nil {
		return err
	}
	if s.o.Manager != SysV {
		return nil
	}
	// The library leaves its links behind.
	links, err := filepath.Glob("/etc/rc?.d/[SK][0-9][0-9]" + ScriptName(s.o.Instance))
	if err != nil {
		return err
	}
	for _, link := range links {
		if err := os.Remove(link); err != nil {
			return err
		}
	}
	return nil
}
