package main

import (
	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/logfile"
)

// units returns the installed units that hold the socket of this run, and false
// where there are none or the daemon is not this machine's.
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

// journaled reports whether the daemon of this run logs to the journal.
func (a *app) journaled() bool {
	_, ok := a.daemon.Journal()
	return ok
}

func (a *app) systemctl() string { return a.daemon.Systemctl() }
func (a *app) sudo() string      { return a.daemon.Sudo() }

// journalOf is how the person reads the journal of the daemon's unit.
func (a *app) journalOf() string { return logfile.Journal{System: a.system()}.Command() }

// restartOf is how the person has the manager restart a unit.
func (a *app) restartOf(unit string) string {
	if manager, err := packaging.Detect(); err == nil && manager == packaging.Systemd {
		return a.systemctl() + " restart " + unit
	}
	return a.sudo() + a.command("service", "restart")
}

// socketHolder returns the process that made the socket of this run, 0 for none.
func (a *app) socketHolder() int { return a.daemon.SocketHolder() }

// logFile is the file that a daemon of its own logs to.
func (a *app) logFile() string { return logfile.Path(a.dataDir()) }

// keptLog returns the last n lines that fit of the log that the daemon left: in
// the journal, where systemd runs it, else in its file. from names the source.
func (a *app) keptLog(n int, fits func(string) bool) (from string, lines []string, err error) {
	if j, ok := a.daemon.Journal(); ok {
		lines, err = j.Tail(a.ctx, n, fits)
		return "the journal of " + j.Unit, lines, err
	}
	lines, err = logfile.Tail(a.logFile(), n, fits)
	return a.logFile(), lines, err
}

// followCommand is how the person follows that log.
func (a *app) followCommand() string {
	if j, ok := a.daemon.Journal(); ok {
		return j.Command() + " -f -u " + j.Unit
	}
	return "tail -f " + packaging.ShellWord(a.logFile())
}

// lastLog returns the last lines of that log as a person reads them.
func (a *app) lastLog(n int) (from string, lines []string, err error) {
	if j, ok := a.daemon.Journal(); ok {
		lines, err = j.Text(a.ctx, n)
		return "the journal of " + j.Unit, lines, err
	}
	return a.keptLog(n, func(string) bool { return true })
}
