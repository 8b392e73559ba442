package packaging

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// installedBy is near the beginning of each file that Install writes, so that Install
// and Uninstall recognize their files.
const installedBy = `Written by "spacedrive service install", which overwrites it`

// writtenBy says, for the reader of a file, where it comes from.
func (o Options) writtenBy() string {
	if o.Packaged {
		return "Part of the spacedrive package"
	}
	return installedBy
}

// dataLine begins the comment that names the data folder, in each file but launchd's,
// for people and for installedDataDir.
const dataLine = "# The data is in: "

// InstalledDataDir returns the data folder of the machine's daemon: the one that
// its administrator's unit or drop-ins name or "service install" was given,
// else the default.
func InstalledDataDir() string {
	o := Options{System: true}
	if err := o.detect(); err != nil {
		return config.SystemDataDir()
	}
	dir := o.installedDataDir()
	if folder, err := unitDir(true); err == nil && o.Manager == Systemd {
		unit := filepath.Join(folder, ServiceUnit(""))
		dropIns, _ := filepath.Glob(unit + ".d/*.conf")                      // in the order that systemd reads them
		if content, err := os.ReadFile(unit); err != nil || !ours(content) { // else installedDataDir has read it
			dropIns = append([]string{unit}, dropIns...)
		}
		for _, file := range dropIns {
			dir = cmp.Or(startDataDir(file), dir)
		}
	}
	return cmp.Or(dir, config.SystemDataDir())
}

// startDataDir returns the data folder that the last ExecStart of a unit's file
// names, "" for none.
func startDataDir(file string) (dir string) {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart=")
		named := words(strings.ReplaceAll(command, " --data-dir=", " --data-dir "))
		at := slices.Index(named, "--data-dir") + 1
		if !ok || at == 0 || at == len(named) {
			continue
		}
		if path := strings.ReplaceAll(named[at], "%%", "%"); filepath.IsAbs(path) {
			dir = path
		}
	}
	return dir
}

// installedDataDir returns the data folder that an installed service of the
// machine was given, "" for the default.
func (o Options) installedDataDir() string {
	files, err := places(o)
	if err != nil {
		return ""
	}
	content, err := os.ReadFile(files[0].Path)
	if err != nil || !ours(content) {
		return ""
	}
	dir := plistAfter(content, "<string>--data-dir</string>")
	if _, rest, ok := strings.Cut(string(content), dataLine); ok {
		dir, _, _ = strings.Cut(rest, "\n")
	}
	if dir == config.SystemDataDir() || !filepath.IsAbs(dir) {
		return ""
	}
	return dir
}

// ours reports whether Install wrote a file.
func ours(content []byte) bool {
	const head = 512 // bytes; the words stand in one of the first lines
	return bytes.Contains(content[:min(len(content), head)], []byte(installedBy))
}
