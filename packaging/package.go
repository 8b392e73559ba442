package packaging

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// packagedProgram is the daemon's path in every package.
const packagedProgram = "/usr/bin/spacedrived"

// PackageFiles renders what a package carries besides programs and
// documentation: for Systemd the units of users and of the machine, for OpenRC
// the script, and for both what the machine's daemon needs.
func PackageFiles(m Manager) ([]File, error) {
	var forms []Options
	switch m {
	case Systemd:
		forms = []Options{{UnitDir: "/usr/lib/systemd/user"}, {UnitDir: "/usr/lib/systemd/system", System: true}}
	case OpenRC:
		forms = []Options{{System: true}}
	default:
		return nil, protocol.Invalid("manager", "there are no packages for %q", m)
	}
	var all []File
	for _, o := range forms {
		o.Program, o.Manager, o.Packaged = packagedProgram, m, true
		files, err := Files(o)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	if m == Systemd {
		o := Options{Packaged: true}
		all = append(all, sysusers("/usr/lib/sysusers.d", o), tmpfiles("/usr/lib/tmpfiles.d", o),
			preset("/usr/lib/systemd/user-preset", "each user", o), preset("/usr/lib/systemd/system-preset", "the administrator", o))
	}
	return append(all, sampleConfig()), nil
}

// preset keeps the units disabled until a person enables them: "preset-all", which an
// image runs at its first boot, enables each unit that no preset names
// (systemd.preset(5)). An administrator's file can come before this one, by its name.
func preset(dir, whose string, o Options) File {
	text := "# " + o.writtenBy() + ": it is for " + whose + " to enable.\ndisable spacedrive.socket\ndisable spacedrive@.socket\ndisable spacedrive.service\ndisable spacedrive@.service\n"
	return File{dir + "/80-spacedrive.preset", []byte(text), 0o644}
}

// sysusers creates the user and the group of the machine's daemon
// (sysusers.d(5)).
func sysusers(dir string, o Options) File {
	text := fmt.Sprintf(`# %s.
# The user that the machine's daemon runs as, and the group that it serves.
%s
`, o.writtenBy(), sysusersLine)
	return File{dir + "/spacedrive.conf", []byte(text), 0o644}
}

const sysusersLine = `u ` + config.SystemGroup + ` - "Spacedrive daemon" /var/lib/spacedrive`

// tmpfiles creates the folders of the machine's daemon (tmpfiles.d(5)). The units
// would create them too, at their first start; this way they exist before, and their
// modes are restored if someone has changed them.
func tmpfiles(dir string, o Options) File {
	text := fmt.Sprintf("# %s.\nd /run/spacedrive 0755 root root -\n", o.writtenBy())
	if o.DataDir == "" { // another may be on a disk that is not mounted yet
		text += fmt.Sprintf("d %s 0700 %s %[2]s -\n", config.SystemDataDir(), config.SystemGroup)
	}
	return File{dir + "/spacedrive.conf", []byte(text), 0o644}
}

// notForTheMachine are the settings that only the command line uses, and those that
// the machine's daemon gets from its service.
var notForTheMachine = []string{"instance", "system", "data_dir", "socket", "library", "host", "ssh", "no_color", "admit_group"}

// sampleConfig returns the configuration file of the machine's daemon, with every
// setting commented out, at its default.
func sampleConfig() File {
	var b strings.Builder
	b.WriteString(`# Settings of this machine's spacedrive daemon: spacedrive.toml(5).
# Each stands here with its default; take the # away to change it, then:
#   systemctl reload spacedrive.service    (or: rc-service spacedrive reload)
# A user's own daemon reads ~/.config/spacedrive/config.toml instead.
`)
	defaults, table := config.Default(), ""
	for _, key := range config.Keys() {
		if slices.Contains(notForTheMachine, key) {
			continue
		}
		name := key
		if t, inTable, ok := strings.Cut(key, "."); ok {
			if t != table {
				table = t
				fmt.Fprintf(&b, "\n#[%s]   for what follows: take away its # too\n", t)
			}
			name = inTable
		}
		fmt.Fprintf(&b, "\n# %s\n#%s = %s\n", config.About(key), name, tomlValue(defaults.Text(key)))
	}
	return File{config.SystemConfigPath, []byte(b.String()), 0o644}
}

// tomlValue writes numbers as they are and everything else, such as times, sizes and
// words, in quotes.
func tomlValue(text string) string {
	if text != "" && strings.Trim(text, "0123456789") == "" {
		return text
	}
	return `"` + text + `"`
}
