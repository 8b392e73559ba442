package main

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// belongings are what the daemon makes in its data folder.
var belongings = []string{"daemon", "instances", "libraries", "libraries.json", "lock", "logs"}

// isBelonging reports whether a name in the data folder is the daemon's.
func isBelonging(name string) bool {
	return slices.Contains(belongings, name) || strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, ".libraries.json") || strings.HasPrefix(name, "instance.db")
}

// dedicated reports whether a folder is the daemon's alone, so that a command
// on the whole of it hits nothing else: by its place, or by what is in it.
// Anybody's folder can be named as the data folder by mistake.
func dedicated(dir string) bool {
	if dir = filepath.Clean(dir); dir == config.DataDir() || dir == config.SystemDataDir() {
		return true
	}
	entries, err := os.ReadDir(dir)
	return err == nil && !slices.ContainsFunc(entries, func(d fs.DirEntry) bool { return !isBelonging(d.Name()) })
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// ours reports whether a path is the daemon's: its data folder, or below it.
func (e *examination) ours(path string) bool {
	dir := e.dataDir()
	if !within(dir, path) {
		return false
	}
	rel, _ := filepath.Rel(dir, path)
	first, _, _ := strings.Cut(rel, string(filepath.Separator))
	return dedicated(dir) || isBelonging(first)
}

// takeOver returns what gives to this user what is another's: the command,
// where it is the daemon's and in the user's home; else advice.
func (e *examination) takeOver(path string) string {
	me := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		me = u.Username
	}
	owner := packaging.ShellWord(me) + ": " + packaging.ShellWord(path)
	switch {
	case os.Getuid() == 0:
		return "run this as its owner, without sudo"
	case inHome(path) && e.ours(path):
		return "sudo chown -R " + owner
	case inHome(path) && within(path, config.DataDir()): // ~/.local, say, with more in it
		return "sudo chown " + owner
	}
	return "run this as its owner, or name another with --data-dir"
}

// open returns what lets this user into a folder of theirs.
func (e *examination) open(dir string) string {
	if e.ours(dir) || within(dir, config.DataDir()) && inHome(dir) {
		return "chmod u+rwx " + packaging.ShellWord(dir)
	}
	return "let yourself into it, or name another with --data-dir"
}

func inHome(dir string) bool {
	rel, err := filepath.Rel(homeDir(), dir)
	return err == nil && rel != "." && filepath.IsLocal(rel)
}

// homeDir returns the user's home folder, "" where there is none.
func homeDir() string {
	if home, err := os.UserHomeDir(); err == nil {
		return home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}
