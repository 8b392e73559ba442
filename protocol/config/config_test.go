package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadReadsEveryKey(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	c, err := Load(write(t, `
instance = "work"
system = true
data_dir = "~/sd"
socket = "/run/sd.sock"
library = "Home"
host = "ssh://me@box"
ssh = "ssh -4"
no_color = true
log_format = "json"
log_level = "debug"
idle_timeout = 0
admit_group = "staff"
[limits]
connections = 7
subscriptions = 3
calls = 2
request_memory = "1GiB"
half_frame_timeout = "1s"
unread_timeout = "2s"
refused_timeout = "3s"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"instance": "work", "system": "true", "data_dir": home + "/sd", "socket": "/run/sd.sock", "library": "Home",
		"host": "ssh://me@box", "ssh": "ssh -4", "no_color": "true", "log_format": "json", "log_level": "debug", "idle_timeout": "0s", "admit_group": "staff",
		"limits.connections": "7", "limits.subscriptions": "3", "limits.calls": "2", "limits.request_memory": "1GiB",
		"limits.half_frame_timeout": "1s", "limits.unread_timeout": "2s", "limits.refused_timeout": "3s",
	}
	if len(want) != len(Keys()) {
		t.Errorf("%d keys are tested, and there are %d", len(want), len(Keys()))
	}
	for _, key := range Keys() {
		if got := c.Text(key); got != want[key] {
			t.Errorf("%s is %q, want %q", key, got, want[key])
		}
		if !c.InFile(key) {
			t.Errorf("%s does not count as set", key)
		}
	}
	if c.Limits.RequestMemory != 1<<30 || c.IdleTimeout != 0 || c.Limits.RefusedTimeout != 3*time.Second {
		t.Errorf("read %+v", c)
	}
}

func TestLoadOfAMissingFileGivesTheDefaults(t *testing.T) {
	c, err := Load(filepath.Join(t.TempDir(), "none.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"instance": "default", "idle_timeout": "5m", "limits.request_memory": "256MiB",
		"limits.connections": "1024", "limits.half_frame_timeout": "30s", "log_format": "auto",
	} {
		if got := c.Text(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
		if c.InFile(key) {
			t.Errorf("%s counts as set", key)
		}
	}
}

func TestLoadNamesFileLineAndKey(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"unknown key":            {"instance = \"a\"\n\nlibary = \"x\"\n", `:3: no setting "libary"`},
		"unknown key in a table": {"[limits]\ncalls = 1\nfoo = 1\n", `:3: no setting "limits.foo"`},
		"unknown table":          {"[other]\na = 1\n", `:2: no setting "other.a"`},
		"not TOML":               {"instance = \"a\"\nwhat\n", ":2: "},
		"key twice":              {"instance = \"a\"\ninstance = \"b\"\n", ":2: "},
		"wrong type":             {"# a comment\ninstance = 4\n", ":2: instance must be a text"},
		"bad instance name":      {"instance = \"A b\"\n", ":1: instance is wrong"},
		"relative path":          {"data_dir = \"here\"\n", ":1: data_dir is wrong"},
		"bad word":               {"log_level = \"loud\"\n", `:1: log_level is wrong: "loud" is not one of trace, debug`},
		"time without unit":      {"idle_timeout = 30\n", `:1: idle_timeout must be a time such as`},
		"negative time":          {"idle_timeout = \"-1s\"\n", ":1: idle_timeout must be at least"},
		"zero time-out":          {"[limits]\nunread_timeout = \"0\"\n", ":2: limits.unread_timeout must be at least"},
		"inline table":           {"limits = { calls = -1 }\n", ":1: limits.calls must be a whole number"},
		"too little memory":      {"limits.request_memory = 5\n", ":1: limits.request_memory must be a size"},
		"overflowing size":       {"limits.request_memory = \"99999999999GiB\"\n", ":1: limits.request_memory must be a size"},
		"host without scheme":    {"host = \"box\"\n", ":1: host is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.content)
			c, err := Load(path)
			if err == nil {
				t.Fatalf("no error; read %+v", c)
			}
			if !strings.HasPrefix(err.Error(), path+test.want) {
				t.Errorf("the error is %q, want it to begin with the path and %q", err, test.want)
			}
		})
	}
}

func TestPlacesFollowTheEnvironment(t *testing.T) {
	for name, test := range map[string]struct{ data, conf, wantData, wantConf string }{
		"set":            {"/x/data", "/x/conf", "/x/data/spacedrive", "/x/conf/spacedrive/config.toml"},
		"unset":          {"", "", "/home/u/.local/share/spacedrive", "/home/u/.config/spacedrive/config.toml"},
		"relative: none": {"data", "./conf", "/home/u/.local/share/spacedrive", "/home/u/.config/spacedrive/config.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", "/home/u")
			t.Setenv("XDG_DATA_HOME", test.data)
			t.Setenv("XDG_CONFIG_HOME", test.conf)
			if got := strings.Replace(DataDir(), "Library/Application Support", ".local/share", 1); got != test.wantData {
				t.Errorf("the data folder is %s, want %s", got, test.wantData)
			}
			if got := DefaultPath(); got != test.wantConf {
				t.Errorf("the file is %s, want %s", got, test.wantConf)
			}
		})
	}
}

func TestInstancesHaveTheirOwnSocketAndFolder(t *testing.T) {
	for instance, want := range map[string][2]string{
		"default": {"/d/daemon/daemon.sock", "/d"},
		"":        {"/d/daemon/daemon.sock", "/d"},
		"work":    {"/d/daemon/daemon-work.sock", "/d/instances/work"},
	} {
		if got := [2]string{SocketPath("/d", instance), InstanceDir("/d", instance)}; got != want {
			t.Errorf("instance %q has %v, want %v", instance, got, want)
		}
	}
}

func TestSocketPathsAreRead(t *testing.T) {
	for path, want := range map[string][2]string{
		"/d/daemon/daemon.sock":         {"/d", "default"},
		"/a/b//daemon/daemon-x.sock":    {"/a/b", "x"},
		"/d/daemon/daemon-A.sock":       {},
		"/d/daemon/daemon-.sock":        {},
		"/d/daemon/other.sock":          {},
		"/run/spacedrive/daemon.sock":   {},
		"/d/daemon/daemon-default.sock": {},
	} {
		dataDir, instance, ok := ParseSocketPath(path)
		if ok != (want[0] != "") || ok && [2]string{dataDir, instance} != want {
			t.Errorf("%s is read as %s, %s, %v; want %v", path, dataDir, instance, ok, want)
		}
	}
}

func TestInstanceNames(t *testing.T) {
	for _, name := range []string{"a", "default", "0", "a-b_c", strings.Repeat("x", 32)} {
		if err := CheckInstanceName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "-a", "_a", "A", "a/b", "..", "ä", "a b", strings.Repeat("x", 33)} {
		if CheckInstanceName(name) == nil {
			t.Errorf("%q passes", name)
		}
	}
}
