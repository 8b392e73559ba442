package flags

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
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
			if test.env != "" {
				t.Setenv("SPACEDRIVE_LOG_LEVEL", test.env)
			}
			var cli struct {
				Config   string
				LogLevel string `default:"info"`
			}
			file := new(File)
			k, err := kong.New(&cli, kong.DefaultEnvars(EnvPrefix), kong.Resolvers(file))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Parse(append(test.args, "--config", path)); err != nil {
				t.Fatal(err)
			}
			if cli.LogLevel != test.want || file.Err != nil || file.Path != path {
				t.Errorf("log level %q from %s, error %v; want %q", cli.LogLevel, file.Path, file.Err, test.want)
			}
		})
	}
}

func TestWhichFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	parse := func(args ...string) *File {
		t.Helper()
		var cli struct {
			Config   string
			LogLevel string `default:"info"`
		}
		file := new(File)
		k, err := kong.New(&cli, kong.DefaultEnvars(EnvPrefix), kong.Resolvers(file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Parse(args); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if f := parse(); f.Path != filepath.Join(dir, "spacedrive", "config.toml") || !f.Missing || f.Err != nil {
		t.Errorf("without a flag: %+v", f)
	}
	bad := filepath.Join(dir, "bad.toml")
	if err := os.WriteFile(bad, []byte("what\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := parse("--config", bad); f.Path != bad || f.Err == nil || f.Config.LogLevel != "info" {
		t.Errorf("of a bad file: %+v", f)
	}
	t.Setenv("SPACEDRIVE_CONFIG", bad)
	if f := parse(); f.Path != bad || f.Err == nil {
		t.Errorf("from the environment: %+v", f)
	}
}

func TestAnEmptyVariableIsNoValue(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("SPACEDRIVE_LOG_LEVEL", "")
	IgnoreEmpty()
	var cli struct {
		Config   string
		LogLevel string `default:"info"`
	}
	k, err := kong.New(&cli, kong.DefaultEnvars(EnvPrefix), kong.Resolvers(new(File)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Parse(nil); err != nil || cli.LogLevel != "info" {
		t.Errorf("log level %q, error %v; want the default", cli.LogLevel, err)
	}
}
