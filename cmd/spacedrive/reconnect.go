package main

import (
	"context"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// resumption returns how a command's subscription takes the end of its
// connection.
func (a *app) resumption() []client.SubscribeOption {
	if a.cli.Reconnect == 0 {
		return []client.SubscribeOption{client.WithoutResume()}
	}
	return nil
}

// noteLink tells the person that the connection has broken, or is there again.
func (a *app) noteLink(m client.Message) {
	switch {
	case m.Lost != nil && m.Lost.Stopped:
		a.term.note("The daemon has stopped; waiting for the next one, for %v.", a.cli.Reconnect)
	case m.Lost != nil:
		a.term.note("%s; trying again, for %v.", clean(sentence(protocol.AsError(m.Lost.Err).Message)), a.cli.Reconnect)
	case m.Resumed != nil && m.Resumed.Restarted:
		a.term.note("The daemon is back, newly started (pid %d).", a.conn.Hello().Daemon.PID)
	case m.Resumed != nil:
		a.term.note("Connected again.")
	}
}

func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// unitPoll is how often systemd is asked whether a service that was stopped is
// being started.
const unitPoll = 250 * time.Millisecond

// beforeRedial waits, where the daemon was stopped in order and a socket unit
// would start it at the first connection, for someone else to start it: who
// runs "spacedrive stop" beside a command that watches means to stop it. A
// restart starts it by itself.
func (a *app) beforeRedial(ctx context.Context, stopped bool) error {
	if !stopped {
		return nil
	}
	u, ok := a.units()
	if !ok {
		return nil
	}
	// systemd may not have heard yet of the end that the daemon has told us.
	old := formatPID(a.conn.Hello().Daemon.PID)
	tick := time.NewTicker(unitPoll)
	defer tick.Stop()
	for {
		switch u.Service.Active {
		case "active", "activating", "reloading":
			if u.Service.PID != old {
				return nil
			}
		}
		if u.Socket.Active != "active" {
			return nil // and to connect starts nothing
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return protocol.Errorf(protocol.ConnectionFailed, "it was stopped").With("reason", client.ReasonNotFound).
				WithHint("%s starts it at the next connection, such as: %s", u.Socket.Name, a.command("status"))
		}
		// Where systemd cannot be asked, nobody is known to have started it.
		if now, err := a.installedUnits(); err == nil {
			u = now
		}
	}
}
