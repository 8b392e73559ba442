// Package flags lets a kong command line fall back on the configuration file,
// in the order that both programs promise: flags, then environment, then the
// file, then the default.
package flags

import (
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// EnvPrefix begins the name of every flag's environment variable.
const EnvPrefix = "SPACEDRIVE"

// Resolver returns what gives flags their value from c: --log-level that of
// log_level. Only keys that the file sets count; for others the flag's own
// default stands.
func Resolver(c *config.Config) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		key := strings.ReplaceAll(flag.Name, "-", "_")
		if !c.InFile(key) || FromEnv(flag) {
			return nil, nil
		}
		return c.Text(key), nil
	})
}

// FromEnv reports whether an environment variable gives flag its value. Kong
// asks resolvers last and lets them win, so they have to stand back.
func FromEnv(flag *kong.Flag) bool {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return true
		}
	}
	return false
}
