package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

var _ = register[serviceCmd]("service", groupRun)

type serviceCmd struct {
	Install   serviceInstallCmd   `cmd:"" help:"Put what the service manager needs into place."`
	Uninstall serviceUninstallCmd `cmd:"" help:"Stop the service and remove what was installed; the data stays."`
	Start     serviceStartCmd     `cmd:"" help:"Start the service."`
	Stop      serviceStopCmd      `cmd:"" help:"Stop the service; under systemd its socket still listens."`
	Restart   serviceRestartCmd   `cmd:"" help:"Restart the service."`
	Status    serviceStatusCmd    `cmd:"" help:"Tell how the socket and the service are."`
}

// serviceReport is the document that --json prints of install and uninstall.
type serviceReport struct {
	Manager   string          `json:"manager"`
	Written   []protocol.Path `json:"written"`
	Unchanged []protocol.Path `json:"unchanged"`
	Removed   []protocol.Path `json:"removed"`
	Kept      []protocol.Path `json:"kept"` // another's, or the administrator's: left alone
	User      string          `json:"user,omitzero"`
	Boot      bool            `json:"boot,omitzero"` // it starts at every boot, by what was written
	DataDir   protocol.Path   `json:"data_dir"`
	Socket    protocol.Path   `json:"socket"`
	Next      []string        `json:"next"` // commands for the user
	DryRun    bool            `json:"dry_run"`
}

// serviceOptions returns what the service is about: the settings in force.
func (a *app) serviceOptions(dryRun bool) (packaging.Options, error) {
	if err := a.local("service"); err != nil {
		return packaging.Options{}, err
	}
	o := a.daemon.Options()
	o.DryRun = dryRun
	if !a.system() || a.named("data-dir") {
		o.DataDir = a.dataDir()
	}
	if a.cli.Config != "" && (!a.system() || a.named("config")) {
		o.ConfigFile = a.file.Path
	}
	return o, nil
}

type serviceInstallCmd struct {
	DryRun  bool   `env:"-" help:"Only print what would be written."`
	Manager string `placeholder:"NAME" enum:",systemd,launchd,openrc,sysv" default:"" help:"With --dry-run: render for systemd, launchd, openrc or sysv instead of what runs here."`
}

func (c *serviceInstallCmd) Run(a *app) error {
	if c.Manager != "" && !c.DryRun {
		return usage("--manager goes with --dry-run")
	}
	o, err := a.serviceOptions(c.DryRun)
	if err != nil {
		return err
	}
	if a.cli.Socket != "" {
		return usage("a service has its socket in its data folder, and %s names another: %s", a.origin("socket"), a.cli.Socket)
	}
	o.Manager = packaging.Manager(c.Manager)
	if o.Program, err = daemon.Program(); err != nil {
		return err
	}
	o.Program = packaging.StableProgram(o.Program, a.system())
	r, err := packaging.Install(o)
	if r == nil {
		return err
	}
	if err != nil {
		return errors.Join(a.printReport(r), err)
	}
	if r.DryRun && !a.cli.JSON {
		for _, f := range r.Written {
			a.term.printf("# %s\n%s\n", human.Clean(a.path(protocol.Path(f.Path))), f.Content)
		}
	}
	if len(r.Next) > 0 && a.daemon.DataHolder() != 0 && !a.serviceRuns() {
		r.Next = append([]string{a.command("stop") + "   # the daemon that runs now, which has the data"}, r.Next...)
	}
	return a.printReport(r)
}

// serviceRuns reports whether the daemon of this run is the manager's.
func (a *app) serviceRuns() bool {
	u, err := a.installedUnits()
	return err == nil && u.Service.Runs()
}

type serviceUninstallCmd struct {
	DryRun bool `env:"-" help:"Only tell what would be done."`
}

func (c *serviceUninstallCmd) Run(a *app) error {
	o, err := a.serviceOptions(c.DryRun)
	if err != nil {
		return err
	}
	r, err := packaging.Uninstall(o)
	if r == nil {
		return err
	}
	return errors.Join(a.printReport(r), err)
}

func (a *app) printReport(r *packaging.Report) error {
	written := make([]string, len(r.Written))
	for i, f := range r.Written {
		written[i] = f.Path
	}
	if a.cli.JSON {
		return a.term.printJSON(serviceReport{
			string(r.Manager), paths(written), paths(r.Unchanged), paths(r.Removed), paths(r.Kept), r.User, r.Boot,
			protocol.Path(r.DataDir), protocol.Path(r.Socket), r.Next, r.DryRun,
		})
	}
	would := only(r.DryRun, "Would have ")
	for _, group := range []struct {
		what  string
		files []string
	}{{"written", written}, {"unchanged", r.Unchanged}, {"removed", r.Removed}, {"left alone", r.Kept}} {
		for _, f := range group.files {
			a.term.printf("%s%s: %s\n", only(group.what != "unchanged", would), group.what, human.Clean(a.path(protocol.Path(f))))
		}
	}
	if len(written)+len(r.Unchanged)+len(r.Removed)+len(r.Kept) == 0 {
		a.term.printf("No service is installed.\n")
	}
	if slices.ContainsFunc(r.Kept, func(path string) bool {
		return strings.HasPrefix(path, "/usr/lib/") || strings.HasPrefix(path, "/lib/")
	}) {
		a.term.note("What a package has put in place goes with the package.")
	}
	if r.User != "" {
		a.term.printf("made the user %s\n", r.User)
	}
	if r.Boot {
		a.term.printf("%sstarts at every boot\n", only(r.DryRun, "would have it that it "))
	}
	if len(r.Removed) > 0 {
		a.term.note("The data stays in %s.", human.Clean(a.path(protocol.Path(r.DataDir))))
	}
	if len(r.Next) > 0 {
		a.term.note("Next:")
		for _, command := range r.Next {
			a.term.note("  %s", command)
		}
	}
	return nil
}

func paths(names []string) []protocol.Path {
	out := make([]protocol.Path, len(names))
	for i, n := range names {
		out[i] = protocol.Path(n)
	}
	return out
}

type serviceStartCmd struct{}

func (*serviceStartCmd) Run(a *app) error { return a.controlService("start", "Started") }

type serviceStopCmd struct{}

func (*serviceStopCmd) Run(a *app) error { return a.controlService("stop", "Stopped") }

type serviceRestartCmd struct{}

func (*serviceRestartCmd) Run(a *app) error { return a.controlService("restart", "Restarted") }

// serviceDone is the document that --json prints of start, stop and restart.
type serviceDone struct {
	Unit   string `json:"unit"`
	Action string `json:"action"`
}

func (a *app) controlService(action, done string) error {
	o, err := a.serviceOptions(false)
	if err != nil {
		return err
	}
	if err := packaging.Control(o, action); err != nil {
		return err
	}
	u, err := packaging.StatesOf(o)
	if err != nil {
		return err
	}
	if a.cli.JSON {
		return a.term.printJSON(serviceDone{u.Service.Name, action})
	}
	a.term.printf("%s %s\n", done, u.Service.Name)
	if action == "stop" && u.Socket.Active == "active" {
		a.term.note("%s starts it again at the next connection; to stop that too: %s", u.Socket.Name, a.command("stop", "--socket"))
	}
	return nil
}

type serviceStatusCmd struct{}

// serviceUnit is one unit in the document that --json prints of status.
type serviceUnit struct {
	Name    string        `json:"name"`
	Load    string        `json:"load"`
	Enabled string        `json:"enabled"`
	Active  string        `json:"active"`
	Sub     string        `json:"sub"`
	Result  string        `json:"result"`
	File    protocol.Path `json:"file"`
	PID     string        `json:"pid,omitzero"`
	Listen  protocol.Path `json:"listen,omitzero"`
}

func (*serviceStatusCmd) Run(a *app) error {
	o, err := a.serviceOptions(false)
	if err != nil {
		return err
	}
	states, err := packaging.StatesOf(o)
	if err != nil {
		return err
	}
	if a.cli.JSON {
		var r struct {
			Units []serviceUnit `json:"units"`
		}
		for _, s := range states.Units() {
			r.Units = append(r.Units, serviceUnit{s.Name, s.Load, s.Enabled, s.Active, s.Sub, s.Result, protocol.Path(s.File), s.PID, protocol.Path(s.Listen)})
		}
		return a.term.printJSON(r)
	}
	a.term.printf("%s", states)
	if !states.Service.Installed() {
		return protocol.Errorf(protocol.NotFound, "no service is installed").WithHint("install them with: %s", a.command("service", "install"))
	}
	return nil
}
