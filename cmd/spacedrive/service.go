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
	Start     serviceControlCmd   `cmd:"" help:"Start the service."`
	Stop      serviceControlCmd   `cmd:"" help:"Stop the service; under systemd its socket still listens."`
	Restart   serviceControlCmd   `cmd:"" help:"Restart the service."`
	Status    serviceStatusCmd    `cmd:"" help:"Show the state of the socket and of the service."`
}

// serviceOptions returns the settings in force as packaging takes them.
func (a *app) serviceOptions(dryRun bool) (packaging.Options, error) {
	if err := a.local("service"); err != nil {
		return packaging.Options{}, err
	}
	o := a.daemon.Options()
	o.DryRun = dryRun
	if !a.daemon.System || a.named("data-dir") {
		o.DataDir = a.daemon.DataDir
	}
	if a.cli.Config != "" && (!a.daemon.System || a.named("config")) {
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
		return usage("a service has its socket in its data folder, and %s is another", a.spelled("socket", a.cli.Socket))
	}
	o.Manager = packaging.Manager(c.Manager)
	if o.Program, err = daemon.Program(); err != nil {
		return err
	}
	o.Program = packaging.StableProgram(o.Program, a.daemon.System)
	r, err := packaging.Install(o)
	if r == nil {
		return err
	}
	if err == nil && r.DryRun && !a.cli.JSON {
		for _, f := range r.Written {
			a.term.printf("# %s\n%s\n", human.Clean(a.path(protocol.Path(f.Path))), f.Content)
		}
	}
	if err == nil && len(r.Next) > 0 && a.daemon.DataHolder() != 0 && !a.serviceRuns() {
		r.Next = append([]string{a.command("stop") + "   # the daemon that runs now, which has the data"}, r.Next...)
	}
	return errors.Join(a.term.show(r, func() { a.printReport(r) }), err)
}

// serviceRuns reports whether the service manager runs the daemon of this run.
func (a *app) serviceRuns() bool {
	u, err := a.installedUnits()
	return err == nil && u.Service.Runs()
}

type serviceUninstallCmd struct {
	DryRun bool `env:"-" help:"Only print what would be done."`
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
	return errors.Join(a.term.show(r, func() { a.printReport(r) }), err)
}

func (a *app) printReport(r *packaging.Report) {
	var written []string
	for _, f := range r.Written {
		written = append(written, f.Path)
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
	switch {
	case r.Boot && r.DryRun:
		a.term.printf("Would start at every boot\n")
	case r.Boot:
		a.term.printf("starts at every boot\n")
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
}

// serviceControlCmd is start, stop and restart.
type serviceControlCmd struct{}

// serviceDone is the document that --json prints of start, stop and restart.
type serviceDone struct {
	Unit   string `json:"unit"`
	Action string `json:"action"`
}

func (*serviceControlCmd) Run(a *app) error {
	action := a.kong.Selected().Name
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
	return a.term.show(serviceDone{u.Service.Name, action}, func() {
		done := map[string]string{"start": "Started", "stop": "Stopped", "restart": "Restarted"}
		a.term.printf("%s %s\n", done[action], u.Service.Name)
		if action == "stop" && u.Socket.Active == "active" {
			a.noteSocketUnit(u.Socket.Name)
		}
	})
}

type serviceStatusCmd struct{}

// serviceUnits is the document that --json prints of status.
type serviceUnits struct {
	Units []packaging.UnitState `json:"units"`
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
		return a.term.printJSON(serviceUnits{states.Units()})
	}
	a.term.printf("%s", states)
	if !states.Service.Installed() {
		return protocol.Errorf(protocol.NotFound, "no service is installed").WithHint("install them with: %s", a.command("service", "install"))
	}
	return nil
}
