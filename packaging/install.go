package packaging

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// A Report tells what Install or Uninstall did, or with DryRun would do.
type Report struct {
	Written   []string // files
	Unchanged []string // files that were as they should be
	Removed   []string // files
	Kept      []string // files found in the way and left alone, being another's
	DataDir   string   // where the data is; installing and uninstalling leave it as it is
	Socket    string   // where clients of Options.Instance find the daemon
	Next      []string // commands for the user to give, in this order
	DryRun    bool
}

// Install writes the units that differ from what stands on disk and has
// systemd read them. It starts and enables nothing: Report.Next has the
// commands that do. A unit of the same name that another wrote is an error of
// code Conflict, and then nothing is written.
func Install(o Options) (*Report, error) {
	o.DataDir = dataDir(o)
	files, err := UserUnits(o)
	if err != nil {
		return nil, err
	}
	if err := checkProgram(o.Program); err != nil {
		return nil, err
	}
	report := &Report{DryRun: o.DryRun, DataDir: o.DataDir, Socket: config.SocketPath(o.DataDir, o.Instance)}
	var changed []File
	for _, f := range files {
		have, err := os.ReadFile(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changed = append(changed, f)
		case err != nil:
			return nil, protocol.Errorf(protocol.OperationFailed, "cannot read the unit in place: %w", err)
		case bytes.Equal(have, f.Content):
			report.Unchanged = append(report.Unchanged, f.Path)
		case !ours(have):
			return nil, protocol.Errorf(protocol.Conflict, "%s is there, and spacedrive did not write it", f.Path).
				WithHint("move it away, then install again").With("path", protocol.Path(f.Path))
		default:
			changed = append(changed, f)
		}
	}
	for _, f := range changed {
		report.Written = append(report.Written, f.Path)
	}
	if o.DryRun {
		report.Next = nextSteps(o, nil, changed)
		return report, nil
	}
	// Asked first, so that where no systemd listens nothing is written.
	if err := checkUnitPath(filepath.Dir(files[0].Path)); err != nil {
		return nil, err
	}
	before, err := States(o)
	if err != nil {
		return nil, err
	}
	for _, f := range changed {
		if err := writeFile(f); err != nil {
			return report, protocol.Errorf(protocol.OperationFailed, "cannot write the unit %s: %w", f.Path, err)
		}
	}
	if _, err := systemctl("daemon-reload"); err != nil {
		return report, err
	}
	report.Next = nextSteps(o, before, changed)
	return report, nil
}

// nextSteps returns what is left to the user: enable the socket if it is not,
// restart what runs with an older unit.
func nextSteps(o Options, before []UnitState, changed []File) []string {
	socket, service := SocketUnit(o.Instance), ServiceUnit(o.Instance)
	next := []string{"systemctl --user enable --now " + socket}
	for _, s := range before {
		if s.Name == socket && s.Active == "active" && s.Enabled == "enabled" {
			next = nil
		}
	}
	for _, s := range before {
		if s.Active != "active" {
			continue
		}
		if written(changed, s.Name) {
			next = append(next, "systemctl --user restart "+s.Name)
		}
	}
	// Restarting the socket stops the service, which its next connection starts.
	restartSocket := "systemctl --user restart " + socket
	if slices.Contains(next, restartSocket) {
		next = slices.DeleteFunc(next, func(c string) bool { return c == "systemctl --user restart "+service })
	}
	return next
}

// written reports whether changed holds the file of the unit.
func written(changed []File, unit string) bool {
	name, suffix, _ := strings.Cut(unit, ".")
	if at := strings.IndexByte(name, '@'); at >= 0 {
		name = name[:at+1]
	}
	return slices.ContainsFunc(changed, func(f File) bool { return filepath.Base(f.Path) == name+"."+suffix })
}

// checkUnitPath asks systemd whether it reads units from dir. It does not where
// XDG_CONFIG_HOME is set in the user's shell and not in the manager.
func checkUnitPath(dir string) error {
	out, err := systemctl("show", "-p", "UnitPath", "--value")
	if err != nil {
		return err
	}
	for read := range strings.FieldsSeq(out) {
		if read == dir || sameFile(read, dir) {
			return nil
		}
	}
	return protocol.Errorf(protocol.Conflict, "systemd does not read units from %s", dir).With("path", protocol.Path(dir)).
		WithHint("does XDG_CONFIG_HOME differ between this shell and systemd? systemctl --user show-environment tells")
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// dataDir returns the data folder in force, "" where UserUnits leaves the
// choice to systemd.
func dataDir(o Options) string {
	if o.DataDir != "" {
		return filepath.Clean(o.DataDir)
	}
	return config.DataDir()
}

func checkProgram(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return protocol.Errorf(protocol.NotFound, "the daemon's program is not there: %w", err).
			WithHint("build or install spacedrived beside spacedrive")
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return protocol.Errorf(protocol.Validation, "%s is not a program", path).With("field", "program")
	}
	return nil
}
