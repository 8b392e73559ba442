package packaging

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	kardianos "github.com/kardianos/service"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Detect returns the manager of this machine. Where there is none that is
// known, kardianos/service takes it for SysV.
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
// For systemd that library knows one unit of type service, and would enable it
// before systemd has read it, and would say of an error nothing but its exit
// status; so what does the work there is replaced.
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

// A script is a service of a manager that has one file for each.
type script struct {
	kardianos.Service
	o     Options
	files []File
}

// Install puts the file in place, at once where there is one already: the
// library replaces none, and to remove it first could leave nothing. Under
// OpenRC and SysV, which start nothing on demand, the library has a new one
// start at every boot.
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
		err = nil // rc-update's: there was no link to remove
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
