package packaging

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	kardianos "github.com/kardianos/service"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Uninstall stops and disables the socket and the service, under systemd of
// every instance, and removes what Install wrote. It keeps the data and drop-ins, and
// the configuration and the user of the machine's daemon. With an error after it has
// removed something it also returns a report.
func Uninstall(o Options) (*Report, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	units, err := places(o)
	if err != nil {
		return nil, err
	}
	report := &Report{Manager: o.Manager, DryRun: o.DryRun, DataDir: o.dataDir(), Socket: o.socket()}
	units, err = report.installedOf(units)
	if err != nil {
		return nil, err
	}
	further, err := report.installedOf(o.machineFiles())
	if err != nil {
		return report, err
	}
	if len(report.Removed) == 0 {
		if states, err := StatesOf(o); err == nil { // else no manager has any
			report.keep(states)
		}
		return report, nil
	}
	if states, err := StatesOf(o); err != nil {
		return nil, err
	} else if dir := states.Socket.DataDir(); dir != "" && !o.System {
		report.DataDir, report.Socket = dir, states.Socket.Listen
	}
	if o.DryRun {
		return report, nil
	}
	if len(units) > 0 {
		var c kardianos.Service
		if c, err = controller(o, units); err != nil {
			return nil, err
		}
		err = c.Uninstall()
	}
	if err == nil {
		err = remove(further)
	}
	if err != nil { // some may still exist
		report.Removed = slices.DeleteFunc(report.Removed, func(path string) bool {
			_, err := os.Lstat(path)
			return err == nil
		})
	}
	return report, err
}

// keep adds units that Install did not write, such as a package's, to the report.
func (r *Report) keep(s States) {
	for _, u := range s.Units() {
		if u.File != "" && !slices.Contains(r.Kept, u.File) {
			r.Kept = append(r.Kept, u.File)
		}
	}
}

// remove removes the files that exist.
func remove(files []File) error {
	for _, f := range files {
		if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return protocol.Errorf(protocol.OperationFailed, "cannot remove what was installed: %w", err)
		}
	}
	return nil
}

// installedOf returns the files that Install wrote, and adds all that exist to the
// report.
func (r *Report) installedOf(files []File) ([]File, error) {
	var found []File
	for _, f := range files {
		have, exists, err := f.inPlace()
		switch {
		case err != nil:
			return nil, err
		case !exists:
		case f.Path != config.SystemConfigPath && ours(have):
			found = append(found, f)
			r.Removed = append(r.Removed, f.Path)
		default:
			r.Kept = append(r.Kept, f.Path)
		}
	}
	return found, nil
}
