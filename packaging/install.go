package packaging

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// A Report says what Install or Uninstall did, or with DryRun would do.
type Report struct {
	Manager   Manager  `json:"manager"`
	Written   []File   `json:"written"`
	Unchanged []string `json:"unchanged"`     // files that were as they should be
	Removed   []string `json:"removed"`       // files
	Kept      []string `json:"kept"`          // files found and left alone, because they are another's or the administrator's
	User      string   `json:"user,omitzero"` // the user that was created for the machine's daemon
	Boot      bool     `json:"boot,omitzero"` // the service starts at every boot, by what Install wrote
	DataDir   string   `json:"data_dir"`      // where the data is; installing and uninstalling leave it as it is
	Socket    string   `json:"socket"`        // where clients of Options.Instance find the daemon
	Next      []string `json:"next"`          // commands for the user to run, in this order
	DryRun    bool     `json:"dry_run"`
}

// Install writes the files that differ from those on disk and makes the manager
// read them, even if an earlier call was interrupted before that. Under systemd it
// starts and enables nothing: Report.Next has the commands that do. Where a package
// has installed equal files, Install writes none. If another program wrote a file
// of the same name, Install writes nothing and returns an error of code Conflict.
// With a later error it also returns a report of what was done until then.
func Install(o Options) (*Report, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	report := &Report{Manager: o.Manager, DryRun: o.DryRun, DataDir: o.dataDir(), Socket: o.socket()}
	if err := checkProgram(o); err != nil {
		return nil, err
	}
	if report.Unchanged = packagedFiles(o); report.Unchanged != nil {
		if err := report.makeUser(o); err != nil {
			return nil, err
		}
		return report, o.next(report, States{})
	}
	report.Boot = o.Manager == OpenRC || o.Manager == SysV
	units, err := Files(o)
	if err != nil {
		return nil, err
	}
	changed, err := report.compare(units)
	if err != nil {
		return nil, err
	}
	further, err := report.compare(o.machineFiles())
	if err != nil {
		return nil, err
	}
	report.Written = slices.Concat(changed, further)
	if o.DryRun {
		return report, o.next(report, States{})
	}
	// Ask first, so that nothing is written where no manager answers.
	if o.Manager == Systemd {
		if err := checkUnitPath(o.System, filepath.Dir(units[0].Path)); err != nil {
			return nil, err
		}
	}
	before, err := StatesOf(o)
	if err != nil {
		return nil, err
	}
	if err := report.makeUser(o); err != nil {
		return nil, err
	}
	if o.System {
		if err := o.makeDataDir(); err != nil {
			return nil, err
		}
	}
	if err := o.put(further, changed, before); err != nil {
		report.Written = slices.DeleteFunc(report.Written, missing)
		return report, err
	}
	return report, o.next(report, before)
}

// put writes the files, those of the manager last.
func (o Options) put(further, units []File, before States) error {
	for _, f := range further {
		if err := writeFile(f); err != nil {
			return protocol.Errorf(protocol.OperationFailed, "cannot write %s: %w", f.Path, err)
		}
	}
	if len(units) == 0 && !before.Service.Unread && !before.Socket.Unread {
		return nil
	}
	c, err := controller(o, units)
	if err != nil {
		return err
	}
	return c.Install()
}

// missing reports whether a file does not exist on disk, or differs.
func missing(f File) bool {
	have, found, _ := f.inPlace()
	return !found || !bytes.Equal(have, f.Content)
}

// makeUser creates the user of the machine's daemon, where it is missing.
func (r *Report) makeUser(o Options) (err error) {
	if o.System && !o.DryRun {
		r.User, err = makeUser()
	}
	return err
}

// compare returns the files to write, and adds the others to the report.
func (r *Report) compare(files []File) (changed []File, err error) {
	for _, f := range files {
		have, found, err := f.inPlace()
		switch {
		case err != nil:
			return nil, err
		case found && bytes.Equal(have, f.Content):
			r.Unchanged = append(r.Unchanged, f.Path)
		case found && f.Path == config.SystemConfigPath: // the administrator's
			r.Kept = append(r.Kept, f.Path)
		case found && !ours(have):
			return nil, protocol.Errorf(protocol.Conflict, "%s exists, and spacedrive did not write it", f.Path).
				WithHint("move it away, then install again").With("path", protocol.Path(f.Path))
		default:
			changed = append(changed, f)
		}
	}
	return changed, nil
}

// inPlace returns what is at the file's path now, if anything is.
func (f File) inPlace() (content []byte, found bool, err error) {
	content, err = os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, protocol.Errorf(protocol.OperationFailed, "cannot read the installed file: %w", err)
	}
	return content, true, nil
}

// complete fills in the options that depend on this machine.
func (o *Options) complete() error {
	if err := o.detect(); err != nil {
		return err
	}
	if o.Manager != Systemd && o.Manager != Launchd && !o.System {
		_, err := initScript(*o) // its error says what to do
		return err
	}
	if !o.System {
		// From the environment here, because the manager's may differ.
		o.DataDir = o.dataDir()
	} else if o.DataDir == "" {
		o.DataDir = o.installedDataDir()
	} else if filepath.Clean(o.DataDir) == config.SystemDataDir() {
		o.DataDir = ""
	}
	if o.System && o.Manager == Launchd && o.Group == "" {
		if g, err := user.LookupGroup(config.SystemGroup); err == nil {
			o.Group = g.Gid
		}
	}
	if o.System && !o.DryRun && o.UnitDir == "" && os.Geteuid() != 0 {
		return protocol.Errorf(protocol.PermissionDenied, "the machine's service is root's to install and to remove").
			WithHint("sudo spacedrive --system service …, or without --system for your own")
	}
	return nil
}

// detect fills in the manager. On Linux only systemd has services of users, and its
// own error says where it does not run.
func (o *Options) detect() (err error) {
	switch {
	case o.Manager != "":
	case runtime.GOOS == "linux" && !o.System:
		o.Manager = Systemd
	default:
		o.Manager, err = Detect()
	}
	return err
}

// checkUnitPath asks systemd whether it reads units from dir. It does not where
// XDG_CONFIG_HOME is set in the user's shell and not in the manager.
func checkUnitPath(system bool, dir string) error {
	out, err := systemctl(system, "show", "-p", "UnitPath", "--value")
	if err != nil {
		return err
	}
	for _, read := range words(out) {
		if read == dir || SameFile(read, dir) {
			return nil
		}
	}
	return protocol.Errorf(protocol.Conflict, "systemd does not read units from %s", dir).With("path", protocol.Path(dir)).
		WithHint("does XDG_CONFIG_HOME differ between this shell and systemd? systemctl --user show-environment tells")
}

// SameFile reports whether both paths lead to one file.
func SameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// checkProgram refuses a program that the service could not run.
func checkProgram(o Options) error {
	info, err := os.Stat(o.Program)
	switch {
	case err != nil:
		return protocol.Errorf(protocol.NotFound, "the daemon's program is not there: %w", err).
			WithHint("build or install spacedrived beside spacedrive")
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return protocol.Errorf(protocol.Validation, "%s is not a program", o.Program).With("field", "program")
	}
	if !o.System || o.DryRun || o.Manager == Launchd { // Homebrew's folders belong to a user
		return nil
	}
	return checkMachineProgram(o.Program)
}

// checkMachineProgram refuses a program that the user of the machine's daemon
// cannot run, or that someone other than root can replace.
func checkMachineProgram(program string) error {
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		return err
	}
	path, why, err := weakness(program, maxLinks)
	if err != nil {
		return err
	}
	if why != "" {
		return protocol.Errorf(protocol.Validation, "%s is no program for the machine's service: %s %s", program, path, why).With("field", "program").
			WithHint("sudo install -m 755 %s %s /usr/local/bin/, then call it there: sudo /usr/local/bin/spacedrive --system service install",
				ShellWord(target), ShellWord(filepath.Join(filepath.Dir(target), "spacedrive")))
	}
	return nil
}

// maxLinks is how many links the kernel follows for one path
// (path_resolution(7)).
const maxLinks = 40

// weakness returns the first file, folder or link on the way to a program that
// someone else can change or that the daemon's user cannot pass, and says why.
func weakness(program string, links int) (path, why string, err error) {
	for path = program; ; path = filepath.Dir(path) {
		info, err := os.Lstat(path)
		if err != nil {
			return path, "", err
		}
		if why := untrusted(info); why != "" {
			return path, why, nil
		}
		if info.Mode()&fs.ModeSymlink != 0 && links > 0 {
			target, err := os.Readlink(path)
			if err != nil {
				return path, "", err
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path), target)
			}
			if at, why, err := weakness(target, links-1); why != "" || err != nil {
				return at, why, err
			}
		}
		if path == filepath.Dir(path) {
			return "", "", nil
		}
	}
}

// untrusted says why a program, or a folder on the way to it, cannot be trusted, ""
// where it can.
func untrusted(info fs.FileInfo) string {
	const (
		others       = 0o001 // may run it, or enter the folder
		writable     = 0o002 // by others
		forGroup     = 0o020
		firstUserGID = 1000 // lower ones are groups of the system, such as Debian's staff
	)
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	link, mode := info.Mode()&fs.ModeSymlink != 0, info.Mode().Perm()
	switch {
	case st.Uid != 0:
		return "does not belong to root"
	case !link && mode&writable != 0:
		return "can be written to by others"
	case !link && mode&forGroup != 0 && st.Gid >= firstUserGID:
		return "can be written to by its group"
	case !link && mode&others == 0:
		return "is closed to others, whom the service runs as"
	}
	return ""
}
