package flags

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol/config"
)

func TestFlagsComeBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	for name, test := range map[string]struct {
		file, env string
		args      []string
		want      string
	}{
		"default":     {"", "", nil, "info"},
		"file":        {`log_level = "warn"`, "", nil, "warn"},
		"environment": {`log_level = "warn"`, "error", nil, "error"},
		"flag":        {`log_level = "warn"`, "error", []string{"--log-level", "debug"}, "debug"},
		"other key":   {`instance = "a"`, "", nil, "info"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.toml")
			if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if test.env != "" {
				t.Setenv("SPACEDRIVE_LOG_LEVEL", test.env)
			}
			var cli struct {
				LogLevel string `default:"info"`
			}
			k, err := kong.New(&cli, kong.DefaultEnvars(EnvPrefix), kong.Resolvers(Resolver(&c)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			if cli.LogLevel != test.want {
				t.Errorf("log level %q, want %q", cli.LogLevel, test.want)
			}
		})
	}
}
