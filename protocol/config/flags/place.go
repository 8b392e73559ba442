package flags

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// A Place holds the flags by which a client's command line says which daemon of
// a machine is meant. Embed it in the grammar, and call Settle after the parse.
type Place struct {
	Instance string `group:"global" help:"Instance of the daemon (default: default)." placeholder:"NAME" complete:"instances"`
	DataDir  string `group:"global" help:"Data folder of the daemon." placeholder:"DIR" complete:"dir"`
	Socket   string `group:"global" help:"Socket of the daemon." placeholder:"PATH" complete:"file"`
	System   bool   `group:"global" help:"Talk to this machine's daemon, which serves the group spacedrive, instead of your own."`
}

// Overruled reports whether a setting that names a place yields to another one
// that names a place and comes from a stronger source: "socket" in the file or
// the environment yields to --instance and to --data-dir.
func Overruled(source func(flag string) Source, setting string, by ...string) bool {
	return slices.ContainsFunc(by, func(other string) bool { return source(other).Beats(source(setting)) })
}

// Settle clears every setting that another one from a stronger source overrules,
// and returns the names of their flags. It reports flags that contradict each
// other.
func (p *Place) Settle(source func(flag string) Source) (cleared []string, err error) {
	given := func(flag string) Source {
		if flag == "system" && !p.System {
			return FromDefault // --system=false names no place
		}
		return source(flag)
	}
	drop := func(flag string, when bool) bool {
		if when {
			cleared = append(cleared, flag)
		}
		return when
	}
	if drop("socket", p.Socket != "" && Overruled(given, "socket", "instance", "data-dir", "system")) {
		p.Socket = ""
	}
	if drop("system", p.System && Overruled(given, "system", "data-dir", "socket")) {
		p.System = false
	}
	if p.System { // of which the user's own settings say nothing
		if drop("socket", p.Socket != "" && given("socket") != FromFlag) {
			p.Socket = ""
		}
		if drop("data-dir", p.DataDir != "" && given("data-dir") != FromFlag) {
			p.DataDir = ""
		}
		if drop("instance", p.Instance != "" && given("instance") == FromFile) {
			p.Instance = ""
		}
	}
	if p.Socket == "" || source("socket") != FromFlag {
		return cleared, nil
	}
	dataDir, instance, ok := config.ParseSocketPath(p.Socket)
	switch {
	case !ok:
	case p.Instance != "" && source("instance") == FromFlag && p.Instance != instance:
		return cleared, fmt.Errorf("--instance %s and --socket %s contradict each other: that is the socket of the instance %s", p.Instance, p.Socket, instance)
	case p.DataDir != "" && source("data-dir") == FromFlag && !samePath(p.DataDir, dataDir):
		return cleared, fmt.Errorf("--data-dir %s and --socket %s contradict each other: that is the socket of the data folder %s", p.DataDir, p.Socket, dataDir)
	}
	return cleared, nil
}

func samePath(a, b string) bool { return realPath(a) == realPath(b) }

// realPath returns a path absolute and, where it exists, without links.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
