package packaging

import (
	_ "embed"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

var (
	//go:embed spacedrive.openrc.in
	openrcTemplate string
	//go:embed spacedrive.sysv.in
	sysvTemplate string
)

// initScript renders the script of the machine's daemon for a manager that
// passes no socket: the daemon runs from boot on and creates its own.
func initScript(o Options) ([]File, error) {
	if !o.System {
		return nil, protocol.Errorf(protocol.Validation, "%s runs no services of users", o.Manager).
			WithHint("run your daemon without it: spacedrive start; or install the machine's: spacedrive --system service install")
	}
	dir := o.UnitDir
	if dir == "" {
		dir = "/etc/init.d"
	}
	words := append([]string{"--instance", o.instance(), "--data-dir", o.dataDir()}, o.settings()...)
	words = append(words, "--socket", o.socket())
	for i := range words {
		words[i] = ShellWord(words[i])
	}
	template, program, arguments := sysvTemplate, ShellWord(o.Program), strings.Join(words, " ")
	if o.Manager == OpenRC { // which evaluates both again
		template, program, arguments = openrcTemplate, ShellWord(program), ShellWord(arguments)
	}
	text := strings.NewReplacer(
		"{written}", o.writtenBy(), "{data line}", dataLine+o.dataDir(), "{name}", ScriptName(o.Instance), "{program}", program, "{arguments}", arguments,
		"{data}", ShellWord(o.dataDir()), "{sockets}", ShellWord(filepath.Dir(o.socket())),
		"{socket}", ShellWord(o.socket()), "{user}", config.SystemGroup,
	).Replace(template)
	return []File{{filepath.Join(dir, ScriptName(o.Instance)), []byte(text), 0o755}}, nil
}

// ScriptName returns the name of an instance's script in /etc/init.d.
func ScriptName(instance string) string { return named("spacedrive", "-", instance) }
