package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

type serviceCmd struct {
	Install   serviceInstallCmd   `cmd:"" help:"Install the socket and service units for systemd's user manager."`
	Uninstall serviceUninstallCmd `cmd:"" help:"Stop the service and remove its units; the data stays."`
	Start     serviceStartCmd     `cmd:"" help:"Start the service."`
	Stop      serviceStopCmd      `cmd:"" help:"Stop the service; its socket still listens."`
	Restart   serviceRestartCmd   `cmd:"" help:"Restart the service."`
	Status    serviceStatusCmd    `cmd:"" help:"Tell how the socket and the service are."`
}

// serviceReport is the document that --json prints of install and uninstall.
type serviceReport struct {
	Written   []protocol.Path `json:"written"`
	Unchanged []protocol.Path `json:"unchanged"`
	Removed   []protocol.Path `json:"removed"`
	Kept      []protocol.Path `json:"kept"` // another's, left alone
	DataDir   protocol.Path   `json:"data_dir"`
	Socket    protocol.Path   `json:"socket"`
	Next      []string        `json:"next"` // commands for the user
	DryRun    bool            `json:"dry_run"`
}

// serviceOptions returns what the units are about: the settings in force.
func (a *app) serviceOptions(dryRun bool) (packaging.Options, error) {
	if a.cli.Host != "" || a.cli.Standalone {
		return packaging.Options{}, usage("service is about this machine; it takes no --host and no --standalone")
	}
	o := packaging.Options{DataDir: a.dataDir(), Instance: a.instance(), DryRun: dryRun}
	if a.cli.Config != "" {
		o.ConfigFile = a.file.Path
	}
	return o, nil
}

type serviceInstallCmd struct {
	DryRun bool `help:"Only tell what would be done."`
}

func (*serviceInstallCmd) Help() string {
	return `The units carry the data folder and the program's path in force now; install again
when they change. Nothing is started: the commands that do are printed.`
}

func (c *serviceInstallCmd) Run(a *app) error {
	o, err := a.serviceOptions(c.DryRun)
	if err != nil {
		return err
	}
	if o.Program, err = stableProgram(); err != nil {
		return err
	}
	r, err := packaging.Install(o)
	if err != nil {
		return err
	}
	return a.printReport(r)
}

// stableProgram returns the path of spacedrived that outlives an upgrade: the
// name on the PATH where that leads to the same file, as a package manager's
// link to the version of the day does.
func stableProgram() (string, error) {
	program, err := daemonProgram()
	if err != nil {
		return "", err
	}
	link, err := exec.LookPath(filepath.Base(program))
	if err != nil {
		return program, nil
	}
	a, errA := os.Stat(program)
	b, errB := os.Stat(link)
	if abs, err := filepath.Abs(link); err == nil && errA == nil && errB == nil && os.SameFile(a, b) {
		return abs, nil
	}
	return program, nil
}

type serviceUninstallCmd struct {
	DryRun bool `help:"Only tell what would be done."`
}

func (c *serviceUninstallCmd) Run(a *app) error {
	o, err := a.serviceOptions(c.DryRun)
	if err != nil {
		return err
	}
	r, err := packaging.Uninstall(o)
	if err != nil {
		return err
	}
	return a.printReport(r)
}

func (a *app) printReport(r *packaging.Report) error {
	if a.cli.JSON {
		return a.term.printJSON(serviceReport{
			paths(r.Written), paths(r.Unchanged), paths(r.Removed), paths(r.Kept),
			protocol.Path(r.DataDir), protocol.Path(r.Socket), r.Next, r.DryRun,
		})
	}
	would := only(r.DryRun, "Would have ")
	for _, group := range []struct {
		what  string
		files []string
	}{{"written", r.Written}, {"unchanged", r.Unchanged}, {"removed", r.Removed}, {"not ours, left alone", r.Kept}} {
		for _, f := range group.files {
			a.term.printf("%s%s: %s\n", only(group.what != "unchanged", would), group.what, clean(a.path(protocol.Path(f))))
		}
	}
	if len(r.Written)+len(r.Unchanged)+len(r.Removed)+len(r.Kept) == 0 {
		a.term.printf("No unit is installed.\n")
	}
	if len(r.Removed) > 0 {
		a.term.note("The data stays in %s.", clean(a.path(protocol.Path(r.DataDir))))
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
	unit := packaging.ServiceUnit(a.instance())
	if a.cli.JSON {
		return a.term.printJSON(serviceDone{unit, action})
	}
	a.term.printf("%s %s\n", done, unit)
	if action == "stop" {
		a.term.note("%s starts it again at the next connection; to stop that too: %s", packaging.SocketUnit(a.instance()), a.command("stop", "--socket"))
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
	states, err := packaging.States(o)
	if err != nil {
		return err
	}
	if a.cli.JSON {
		var r struct {
			Units []serviceUnit `json:"units"`
		}
		for _, s := range states {
			r.Units = append(r.Units, serviceUnit{s.Name, s.Load, s.Enabled, s.Active, s.Sub, s.Result, protocol.Path(s.File), s.PID, protocol.Path(s.Listen)})
		}
		return a.term.printJSON(r)
	}
	text, err := packaging.Status(o)
	if err != nil {
		return err
	}
	a.term.printf("%s", text)
	if !states[0].Installed() {
		return protocol.Errorf(protocol.NotFound, "the units are not installed").WithHint("install them with: %s", a.command("service", "install"))
	}
	return nil
}
