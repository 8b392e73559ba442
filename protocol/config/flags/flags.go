// Package flags lets a kong command line fall back on the configuration file,
// in the order that both programs promise: flags, then environment, then the
// file, then the default.
//
//	file := new(flags.File)
//	k, err := kong.New(&grammar, kong.DefaultEnvars(flags.EnvPrefix), kong.Resolvers(file))
//	_, err = k.Parse(os.Args[1:])
//	if file.Err != nil { … }
package flags

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// EnvPrefix begins the name of every flag's environment variable.
const EnvPrefix = "SPACEDRIVE"

// A File is a kong.Resolver that takes values from the configuration file: for
// --log-level that of log_level. The file is the one that the grammar's flag
// --config names, or config.DefaultPath; it is read once, during the parse.
type File struct {
	Path    string        // absolute; empty before the parse, or where there is no home folder
	Config  config.Config // the file's settings, over the defaults
	Missing bool          // there is no such file
	Err     error         // it could not be used: then Config has the defaults, and flags too

	loaded bool
}

// Exists reports whether there is a file, whatever is in it.
func (f *File) Exists() bool { return f.Path != "" && !f.Missing }

// Validate does nothing; kong asks for it.
func (f *File) Validate(*kong.Application) error { return nil }

// Resolve returns the file's value for flag, nil where it sets none.
func (f *File) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !f.loaded {
		*f = *Read(configFlag(ctx))
	}
	key := strings.ReplaceAll(flag.Name, "-", "_")
	if !f.Config.InFile(key) || fromEnv(flag) {
		return nil, nil
	}
	return f.Config.Text(key), nil
}

// Read reads the file at path, or at config.DefaultPath where path is empty.
func Read(path string) *File {
	f := &File{Path: cmp.Or(path, config.DefaultPath()), loaded: true}
	if f.Path != "" {
		if f.Path, f.Err = filepath.Abs(f.Path); f.Err != nil {
			f.Config = config.Default()
			return f
		}
		_, err := os.Stat(f.Path)
		f.Missing = errors.Is(err, fs.ErrNotExist)
	}
	f.Config, f.Err = config.Load(f.Path)
	return f
}

func configFlag(ctx *kong.Context) string {
	for _, flag := range ctx.Flags() {
		if flag.Name == "config" {
			path, _ := ctx.FlagValue(flag).(string)
			return path
		}
	}
	return ""
}

// fromEnv reports whether an environment variable gives flag its value. Kong
// asks resolvers last and lets them win, so they have to stand back.
func fromEnv(flag *kong.Flag) bool {
	for _, name := range flag.Envs {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// IgnoreEmpty takes the program's variables that are set to nothing out of the
// environment, where kong would take them for values. It is called before the
// parse.
func IgnoreEmpty() {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, EnvPrefix+"_") {
			os.Unsetenv(name)
		}
	}
}
