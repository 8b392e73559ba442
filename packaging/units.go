package packaging

import (
	_ "embed"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

var (
	//go:embed spacedrive.socket.in
	socketTemplate string
	//go:embed spacedrive.service.in
	serviceTemplate string
)

// homeDataDir is a user's data folder where XDG_DATA_HOME is not set, as a unit names
// it: systemd replaces %h by the user's home folder.
const homeDataDir = "%h/.local/share/spacedrive"

// systemdFiles renders the four units: service and socket of the default
// instance, and the templates of any other. Those of a user, with an empty
// DataDir, fit every user whose XDG_DATA_HOME is the default.
func systemdFiles(o Options) ([]File, error) {
	dir := o.UnitDir
	if dir == "" {
		var err error
		if dir, err = unitDir(o.System); err != nil {
			return nil, err
		}
	}
	var files []File
	for _, unit := range []struct {
		name, text string
		template   bool
	}{
		{"spacedrive.service", serviceTemplate, false},
		{"spacedrive.socket", socketTemplate, false},
		{"spacedrive@.service", serviceTemplate, true},
		{"spacedrive@.socket", socketTemplate, true},
	} {
		text := renderUnit(o, unit.text, unit.template)
		files = append(files, File{filepath.Join(dir, unit.name), []byte(text), 0o644})
	}
	return files, nil
}

// renderUnit fills in a unit's text. The lines with [state] are for a data folder that
// systemd creates, those with [disk] for one that the administrator chose.
func renderUnit(o Options, text string, template bool) string {
	text = keepLines(text, map[string]bool{"[user]": !o.System, "[system]": o.System, "[packaged]": o.Packaged, "[state]": o.System && o.DataDir == "", "[disk]": o.System && o.DataDir != ""})
	data := escapeSpecifiers(o.dataDir())
	if o.DataDir == "" && !o.System {
		data = homeDataDir
	}
	socket := config.SocketPath(data, config.DefaultInstance)
	if o.System {
		socket = config.SystemSocketPath(config.DefaultInstance)
	}
	command := execWord(escapeSpecifiers(o.Program)) + " --data-dir " + execWord(data)
	for _, word := range o.settings() {
		command += " " + execWord(escapeSpecifiers(word))
	}
	at, atInstance, ofInstance := "", "", ""
	if template {
		at, atInstance, ofInstance = "@", "@%i", ", instance %i"
		socket = strings.TrimSuffix(socket, ".sock") + "-%i.sock"
		command += " --instance %i"
	}
	user := "--user "
	if o.System {
		user = ""
	}
	return strings.NewReplacer(
		"{written}", o.writtenBy(), "{page}", hardeningPage,
		"{--user}", user, "{@}", at, "{@%i}", atInstance, "{, instance %i}", ofInstance,
		"{data line}", dataLine+o.dataDir(), "{data word}", execWord(data), "{socket}", socket, "{command}", command,
	).Replace(text)
}

// keepLines drops the lines that begin with a word that is false in kept, and removes
// the word from those where it is true.
func keepLines(text string, kept map[string]bool) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if word, rest, ok := strings.Cut(line, " "); ok {
			if keep, conditional := kept[word]; conditional && !keep {
				continue
			} else if conditional {
				line = rest
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// hardeningPage says why each line of a unit stands there.
const hardeningPage = "https://github.com/spacedrive-go/spacedrive/blob/main/docs/hardening.md"

// The longest path in bytes that fits sun_path with its NUL: unix(7) of Linux, unix(4)
// of macOS.
const (
	maxSocketPath       = 107
	maxSocketPathDarwin = 103
)

func checkSocketPath(path string, m Manager) error {
	most := maxSocketPath
	if m == Launchd {
		most = maxSocketPathDarwin
	}
	if len(path) > most {
		return protocol.Invalid("data_dir", "the socket's path %s has %d bytes, and the kernel allows %d", path, len(path), most).
			WithHint("choose a data folder with a shorter path: --data-dir")
	}
	return nil
}

// unitDir returns where systemd looks for the units of the administrator, or
// of the user.
func unitDir(system bool) (string, error) {
	if system {
		return "/etc/systemd/system", nil
	}
	dir := config.ConfigHome()
	if dir == "" {
		return "", protocol.Errorf(protocol.OperationFailed, "cannot tell where units go: there is no home folder").WithHint("set HOME")
	}
	return filepath.Join(dir, "systemd", "user"), nil
}

// SocketUnit returns the name of the unit that holds an instance's socket.
func SocketUnit(instance string) string { return named("spacedrive", "@", instance) + ".socket" }

// ServiceUnit returns the name of the unit that runs an instance's daemon.
func ServiceUnit(instance string) string { return named("spacedrive", "@", instance) + ".service" }
