package flags

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// A Source says where the value of a flag comes from.
type Source string

// The sources. Each is stronger than those before it.
const (
	FromDefault Source = "default"
	FromFile    Source = "file"
	FromEnv     Source = "environment"
	FromFlag    Source = "flag"
)

// Beats reports whether s is a stronger source than other.
func (s Source) Beats(other Source) bool {
	order := []Source{FromDefault, FromFile, FromEnv, FromFlag}
	return slices.Index(order, s) > slices.Index(order, other)
}

// Given reports whether the value was given for this run, by a flag or a
// variable, and not by the configuration file.
func (s Source) Given() bool { return s == FromEnv || s == FromFlag }

// SourceOf returns where the flag of this name has its value from, after a
// parse of the command line.
func SourceOf(parsed *kong.Context, file *config.Config, flag string) Source {
	for _, p := range parsed.Path {
		if p.Flag != nil && p.Flag.Name == flag && !p.Resolved {
			return FromFlag
		}
	}
	if _, ok := os.LookupEnv(EnvName(flag)); ok {
		return FromEnv
	}
	if file.InFile(strings.ReplaceAll(flag, "-", "_")) {
		return FromFile
	}
	return FromDefault
}

// EnvName returns the variable of a flag.
func EnvName(flag string) string {
	return EnvPrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
