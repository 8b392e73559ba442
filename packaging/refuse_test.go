package packaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestWhatAUnitCannotHoldIsRefused(t *testing.T) {
	good := Options{Program: "/usr/bin/spacedrived", UnitDir: "/units", Manager: Systemd}
	for name, test := range map[string]struct {
		change func(o *Options)
		field  string
	}{
		"relative program":     {func(o *Options) { o.Program = "spacedrived" }, "program"},
		"no program":           {func(o *Options) { o.Program = "" }, "program"},
		"quote in the program": {func(o *Options) { o.Program = "/opt/ann's/spacedrived" }, "program"},
		"relative data folder": {func(o *Options) { o.DataDir = "data" }, "data_dir"},
		"line break":           {func(o *Options) { o.DataDir = "/data\nExecStart=/bin/sh" }, "data_dir"},
		"not UTF-8":            {func(o *Options) { o.ConfigFile = "/caf\xe9.toml" }, "config"},
		"too long for a socket": {func(o *Options) {
			o.DataDir = "/" + strings.Repeat("x", maxSocketPath-len("//daemon/daemon.sock")+1)
		}, "data_dir"},
		"too long with the instance": {func(o *Options) {
			o.DataDir = "/" + strings.Repeat("x", maxSocketPath-len("//daemon/daemon.sock"))
			o.Instance = "a"
		}, "data_dir"},
		"instance with a slash": {func(o *Options) { o.Instance = "a/b" }, "instance"},
		"instance in capitals":  {func(o *Options) { o.Instance = "Dev" }, "instance"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			test.change(&o)
			_, err := Files(o)
			e := protocol.AsError(err)
			if err == nil || e.Code != protocol.Validation || e.Details["field"] != test.field {
				t.Errorf("it ended with %v, want a validation error of %s", err, test.field)
			}
		})
	}
	// The machine's socket has its own place, as long as it is named; launchd's kernel
	// allows less.
	mac := Options{Program: "/usr/local/bin/spacedrived", UnitDir: "/agents", Manager: Launchd}
	mac.DataDir = "/" + strings.Repeat("x", maxSocketPathDarwin-len("//daemon/daemon.sock"))
	if _, err := Files(mac); err != nil {
		t.Errorf("for macOS the longest data folder that fits is refused: %v", err)
	}
	mac.DataDir += "x"
	if _, err := Files(mac); !protocol.HasCode(err, protocol.Validation) {
		t.Errorf("for macOS one that is too long: %v", err)
	}
	longest := good
	longest.DataDir = "/" + strings.Repeat("x", maxSocketPath-len("//daemon/daemon.sock"))
	if _, err := Files(longest); err != nil {
		t.Errorf("the longest data folder that fits is refused: %v", err)
	}
}

func TestADryRunTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "spacedrived")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	units := filepath.Join(dir, "units")
	report, err := Install(Options{Program: program, DataDir: "/data", UnitDir: units, Instance: "dev", DryRun: true, Manager: Systemd})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Written) != 4 || report.Socket != "/data/daemon/daemon-dev.sock" ||
		len(report.Next) != 1 || report.Next[0] != "systemctl --user enable --now spacedrive@dev.socket" {
		t.Errorf("it reports %+v", report)
	}
	if _, err := os.Stat(units); !os.IsNotExist(err) {
		t.Errorf("it made %s", units)
	}
}

func TestInstallRefusesWhatCannotRun(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for program, code := range map[string]protocol.Code{
		filepath.Join(dir, "none"): protocol.NotFound,
		plain:                      protocol.Validation,
		dir:                        protocol.Validation,
	} {
		if _, err := Install(Options{Program: program, UnitDir: dir, DryRun: true, Manager: Systemd}); !protocol.HasCode(err, code) {
			t.Errorf("%s: %v, want %s", program, err, code)
		}
	}
}

func TestAWrittenFileIsWholeAndLeavesNothingBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "unit")
	for _, content := range []string{"a longer content", "short"} {
		if err := writeFile(File{path, []byte(content), 0o644}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("it holds %q, %v", got, err)
		}
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 1 {
		t.Errorf("left beside it: %v", names)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}
