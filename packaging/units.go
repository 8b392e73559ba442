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

// defaultDataDir is the data folder where XDG_DATA_HOME is not set, in words
// of a unit: systemd puts the user's home folder for %h.
const defaultDataDir = "%h/.local/share/spacedrive"

// UserUnits renders the four units: socket and service of the default
// instance, and the templates of any other. It touches nothing and, but for
// an empty UnitDir, reads nothing of the environment: with an empty DataDir
// the units fit every user whose XDG_DATA_HOME is the default.
func UserUnits(o Options) ([]File, error) {
	data, err := dataDirValue(o)
	if err != nil {
		return nil, err
	}
	if err := checkProgramPath(o.Program); err != nil {
		return nil, err
	}
	dir := o.UnitDir
	if dir == "" {
		if dir, err = userUnitDir(); err != nil {
			return nil, err
		}
	}
	command := execWord(escapeSpecifiers(o.Program)) + " --data-dir " + execWord(data)
	if o.ConfigFile != "" {
		if err := checkPath("config", o.ConfigFile); err != nil {
			return nil, err
		}
		command += " --config " + execWord(escapeSpecifiers(o.ConfigFile))
	}

	plain := strings.NewReplacer("@AT@", "", "@FOR@", "", "@DASH@", "", "@DATA@", data, "@EXEC@", command)
	template := strings.NewReplacer("@AT@", "@%i", "@FOR@", ", instance %i", "@DASH@", "-%i", "@DATA@", data,
		"@EXEC@", command+" --instance %i")
	// In comments a template's name stands without %i, which only systemd expands.
	templateComments := strings.NewReplacer("edit spacedrive@AT@.", "edit spacedrive@.")
	render := func(name, text string, r *strings.Replacer) File {
		return File{filepath.Join(dir, name), []byte(r.Replace(text)), 0o644}
	}
	return []File{
		render("spacedrive.socket", socketTemplate, plain),
		render("spacedrive.service", serviceTemplate, plain),
		render("spacedrive@.socket", templateComments.Replace(socketTemplate), template),
		render("spacedrive@.service", templateComments.Replace(serviceTemplate), template),
	}, nil
}

// dataDirValue returns the data folder as it stands in a unit, with its
// specifiers, before any quoting.
func dataDirValue(o Options) (string, error) {
	if err := checkInstance(o.Instance); err != nil {
		return "", err
	}
	if o.DataDir == "" {
		return defaultDataDir, nil
	}
	if err := checkPath("data_dir", o.DataDir); err != nil {
		return "", err
	}
	if err := checkSocketPath(config.SocketPath(o.DataDir, o.Instance)); err != nil {
		return "", err
	}
	return escapeSpecifiers(filepath.Clean(o.DataDir)), nil
}

// maxSocketPath is what fits sun_path with its NUL (unix(7)), in bytes.
const maxSocketPath = 107

func checkSocketPath(path string) error {
	if len(path) > maxSocketPath {
		return protocol.Invalid("data_dir", "the socket's path %s has %d bytes, and the kernel allows %d", path, len(path), maxSocketPath).
			WithHint("choose a data folder with a shorter path: --data-dir")
	}
	return nil
}

func userUnitDir() (string, error) {
	dir := config.ConfigHome()
	if dir == "" {
		return "", protocol.Errorf(protocol.OperationFailed, "cannot tell where units go: there is no home folder").WithHint("set HOME")
	}
	return filepath.Join(dir, "systemd", "user"), nil
}
