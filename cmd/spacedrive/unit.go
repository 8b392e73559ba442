package main

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// unitStates is the user's systemd units for this run's instance, as far as
// they are the ones that hold this run's socket.
type unitStates struct{ socket, service packaging.UnitState }

// units returns the installed units that hold the socket of this run; false
// where there are none, where another socket is theirs, or where the person
// named the data folder or the socket, which leaves them alone.
func (a *app) units() (unitStates, bool) {
	if a.explicit() || a.cli.Host != "" || a.cli.Standalone {
		return unitStates{}, false
	}
	u, err := a.installedUnits()
	return u, err == nil && u.socket.Load == "loaded" && u.socket.Listen == a.socket()
}

// installedUnits returns the units of this run's instance, whatever socket
// they hold. It fails where the user has no systemd.
func (a *app) installedUnits() (unitStates, error) {
	if _, err := exec.LookPath("systemctl"); err != nil {
		return unitStates{}, err
	}
	states, err := packaging.States(packaging.Options{Instance: a.instance()})
	if err != nil {
		return unitStates{}, err
	}
	return unitStates{states[0], states[1]}, nil
}

// systemctl runs systemctl for the user's manager.
func systemctl(args ...string) error {
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--user"}, args...)...)
	var words bytes.Buffer
	cmd.Stderr = &words
	if err := cmd.Run(); err != nil {
		what := "systemctl --user " + strings.Join(args, " ")
		if s := strings.TrimSpace(words.String()); s != "" {
			return protocol.Errorf(protocol.OperationFailed, "%s: %s", what, s)
		}
		return protocol.Errorf(protocol.OperationFailed, "%s: %w", what, err)
	}
	return nil
}
