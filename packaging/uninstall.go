package packaging

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Uninstall stops and disables every instance's socket and service, and
// removes the units that Install wrote. The data and drop-ins stay.
func Uninstall(o Options) (*Report, error) {
	o.DataDir = dataDir(o)
	if o.UnitDir == "" {
		dir, err := userUnitDir()
		if err != nil {
			return nil, err
		}
		o.UnitDir = dir
	}
	report := &Report{DryRun: o.DryRun, DataDir: o.DataDir, Socket: config.SocketPath(o.DataDir, o.Instance)}
	for _, name := range []string{"spacedrive.socket", "spacedrive.service", "spacedrive@.socket", "spacedrive@.service"} {
		path := filepath.Join(o.UnitDir, name)
		have, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, protocol.Errorf(protocol.OperationFailed, "cannot read the unit: %w", err)
		case ours(have):
			report.Removed = append(report.Removed, path)
		default:
			report.Kept = append(report.Kept, path)
		}
	}
	if len(report.Removed) == 0 {
		return report, nil
	}
	states, err := States(o)
	if err != nil {
		return nil, err
	}
	if dir := states[0].DataDir(); dir != "" {
		report.DataDir, report.Socket = dir, states[0].Listen
	}
	if o.DryRun {
		return report, nil
	}
	// One call: systemd stops them together, and a socket that goes first keeps
	// no connection from starting again what is being stopped.
	stop := []string{"stop"}
	for _, path := range report.Removed {
		// A pattern stands for those that are loaded; it is no error if none is.
		stop = append(stop, strings.NewReplacer("@", "@*", ".", "[.]").Replace(filepath.Base(path)))
	}
	if _, err := systemctl(stop...); err != nil {
		return nil, err
	}
	for _, path := range report.Removed {
		// Disabling a template takes the links of all its instances away.
		if _, err := systemctl("disable", "--quiet", filepath.Base(path)); err != nil {
			return nil, err
		}
	}
	for _, path := range report.Removed {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return report, protocol.Errorf(protocol.OperationFailed, "cannot remove the unit: %w", err)
		}
	}
	_, err = systemctl("daemon-reload")
	return report, err
}
