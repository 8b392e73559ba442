package config

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
)

// DefaultInstance is the instance that is meant where none is named.
const DefaultInstance = "default"

const maxInstanceName = 32 // characters; the socket's path must stay short

// CheckInstanceName reports what is wrong with the name of an instance.
func CheckInstanceName(name string) error {
	ok := name != "" && len(name) <= maxInstanceName
	for i := range len(name) {
		c := name[i]
		word := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		ok = ok && (word || i > 0 && (c == '_' || c == '-'))
	}
	if !ok {
		return fmt.Errorf("%q is no name for an instance: 1 to %d of a-z, 0-9, _ and -, beginning with a letter or digit", name, maxInstanceName)
	}
	return nil
}

// ConfigHome returns the folder of the user's configuration files:
// $XDG_CONFIG_HOME, or ~/.config. It is empty where the user has no home folder.
func ConfigHome() string { return baseDir("XDG_CONFIG_HOME", ".config") }

// DefaultPath returns the place of the configuration file:
// $XDG_CONFIG_HOME/spacedrive/config.toml, or the same below ~/.config. It is
// empty where the user has no home folder.
func DefaultPath() string {
	dir := ConfigHome()
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "spacedrive", "config.toml")
}

// DataDir returns the default data folder: $XDG_DATA_HOME/spacedrive, or the
// same below ~/.local/share, and on macOS below ~/Library/Application Support.
// It is empty where the user has no home folder.
func DataDir() string {
	inHome := ".local/share"
	if runtime.GOOS == "darwin" {
		inHome = "Library/Application Support"
	}
	dir := baseDir("XDG_DATA_HOME", inHome)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "spacedrive")
}

// baseDir returns the folder that the variable names. The XDG Base Directory
// Specification has relative ones ignored.
func baseDir(variable, inHome string) string {
	if dir := os.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	home := Home()
	if home == "" {
		return ""
	}
	return filepath.Join(home, inHome)
}

// Home returns the user's home folder, "" where there is none.
func Home() string {
	if home, err := os.UserHomeDir(); err == nil && filepath.IsAbs(home) {
		return home
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		return u.HomeDir
	}
	return ""
}

// SocketPath returns the socket of an instance: daemon/daemon.sock in the data
// folder for the default one, daemon/daemon-NAME.sock for another.
func SocketPath(dataDir, instance string) string {
	name := "daemon.sock"
	if instance != "" && instance != DefaultInstance {
		name = "daemon-" + instance + ".sock"
	}
	return filepath.Join(dataDir, "daemon", name)
}

// ParseSocketPath returns the data folder and the instance whose socket SocketPath
// puts at path, and false for a path that it gives to none.
func ParseSocketPath(path string) (dataDir, instance string, ok bool) {
	dir, name := filepath.Split(filepath.Clean(path))
	dir = filepath.Clean(dir)
	instance = DefaultInstance
	if middle, found := strings.CutPrefix(name, "daemon-"); found {
		instance = strings.TrimSuffix(middle, ".sock")
	}
	dataDir = filepath.Dir(dir)
	return dataDir, instance, CheckInstanceName(instance) == nil && SocketPath(dataDir, instance) == filepath.Join(dir, name)
}

// InstanceDir returns the folder of an instance's data: the data folder itself
// for the default one, instances/NAME in it for another.
func InstanceDir(dataDir, instance string) string {
	if instance == "" || instance == DefaultInstance {
		return dataDir
	}
	return filepath.Join(dataDir, "instances", instance)
}

// SystemConfigPath is the configuration file of the machine's daemon, which no
// user of the machine owns.
const SystemConfigPath = "/etc/spacedrive/config.toml"

// SystemGroup is the group whose members the machine's daemon serves, and the
// name of the user that it runs as.
const SystemGroup = "spacedrive"

// SystemDataDir returns the data folder of the machine's daemon.
func SystemDataDir() string { return SystemDataDirOn(runtime.GOOS) }

// SystemDataDirOn returns that of an operating system, by Go's name for it.
func SystemDataDirOn(system string) string {
	if system == "darwin" {
		return "/Library/Application Support/spacedrive"
	}
	return "/var/lib/spacedrive"
}

// SystemSocketPath returns the socket of an instance of the machine's daemon.
// On Linux it is in a folder of its own, as the data folder is closed to those
// who may connect.
func SystemSocketPath(instance string) string { return SystemSocketPathOn(runtime.GOOS, instance) }

// SystemSocketPathOn returns that of an operating system, by Go's name for it.
func SystemSocketPathOn(system, instance string) string {
	if system == "darwin" {
		return SocketPath(SystemDataDirOn(system), instance) // launchd makes no folder for it
	}
	return filepath.Join("/run/spacedrive", filepath.Base(SocketPath("", instance)))
}
