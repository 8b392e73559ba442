package main

import (
	"context"
	"strconv"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/daemon"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

var _ = register[startCmd]("start", groupRun)

type startCmd struct {
	Foreground bool `env:"-" help:"Become the daemon instead of starting one beside."`
}

// startResult is the document that --json prints.
type startResult struct {
	Started string              `json:"started"` // already, process, or the manager: systemd, launchd, …
	Socket  protocol.Path       `json:"socket"`
	Hello   protocol.HelloReply `json:"hello"`
}

func (c *startCmd) Run(a *app) error {
	if err := a.local("start"); err != nil {
		return err
	}
	if c.Foreground && a.daemon.System {
		return usage("the machine's daemon runs as a user of its own: %s", a.command("start"))
	}
	if c.Foreground {
		return connectError{a.daemon.Exec()}
	}
	how, err := a.startDaemon()
	if err != nil {
		return err
	}
	return a.reportStart(how)
}

func (a *app) reportStart(how string) error {
	hello := a.conn.Hello()
	return a.term.result(startResult{how, protocol.Path(a.daemon.Socket), hello}, "%s\n", a.startLine(how, hello))
}

func (a *app) startLine(how string, hello protocol.HelloReply) string {
	pid := " (pid " + strconv.Itoa(hello.Daemon.PID) + ", version " + hello.Daemon.Version + ") at " + a.path(protocol.Path(a.daemon.Socket))
	switch how {
	case daemon.Already:
		return "The daemon is running already" + pid
	case daemon.Process:
		return "Started the daemon, detached from this terminal" + pid
	}
	return "Started the daemon through " + how + pid
}

// connectOrStart connects, and starts a daemon where none runs.
func (a *app) connectOrStart() error {
	if a.cli.Host != "" || a.cli.Standalone {
		_, err := a.connect()
		return err
	}
	how, err := a.startDaemon()
	if err == nil && how != daemon.Already {
		a.term.note("%s", human.Clean(a.startLine(how, a.conn.Hello())))
	}
	return err
}

// startDaemon connects to the daemon, after starting one where none runs. how says
// what started it.
func (a *app) startDaemon() (how string, err error) {
	a.conn, how, err = a.daemon.Start(a.ctx)
	if how == daemon.Process && !a.explicit() {
		if runtime, lost := packaging.LostManager(); lost {
			a.term.note("Your systemd cannot be asked from this session, and the daemon is started without it. To reach it: export XDG_RUNTIME_DIR=%s", runtime)
		}
	}
	if err != nil {
		a.connErr = err
		return how, connectError{err}
	}
	return how, nil
}

// beforeRedial is client.Target.BeforeRedial: someone who runs "spacedrive stop"
// beside a command that watches wants the daemon to stay stopped.
func (a *app) beforeRedial(ctx context.Context, stopped bool) error {
	if !stopped || a.cli.Host != "" || a.cli.Standalone {
		return nil
	}
	return a.daemon.AwaitStart(ctx, a.conn.Hello().Daemon.PID)
}

var _ = register[restartCmd]("restart", groupRun)

type restartCmd struct{}

func (*restartCmd) Run(a *app) error {
	if err := a.local("restart"); err != nil {
		return err
	}
	if _, err := a.stopDaemon(); err != nil {
		return err
	}
	how, err := a.startDaemon()
	if err != nil {
		return err
	}
	if u, ok := a.units(); ok && how == daemon.Already { // the socket unit was quicker
		how = string(u.Manager)
	}
	return a.reportStart(how)
}
