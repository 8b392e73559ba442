package packaging

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

//go:generate go test -run Golden . -update

var update = flag.Bool("update", false, "write the golden files")

func TestFilesAreTheGoldenOnes(t *testing.T) {
	awkward := Options{Program: `/opt/50% off; $HOME & <co>/spacedrived`, DataDir: `/srv/100% "de" l'été \ $USER`, ConfigFile: "/srv/a b.toml"}
	with := func(o Options, change func(o *Options)) Options { change(&o); return o }
	user := Options{Program: "/usr/bin/spacedrived", UnitDir: "/etc/place"}
	machine := with(user, func(o *Options) { o.System = true })
	ann := Options{Program: "/Users/ann/go/bin/spacedrived", DataDir: "/Users/ann/Library/Application Support/spacedrive", UnitDir: "/etc/place", Manager: Launchd}
	for name, o := range map[string]Options{
		"systemd-user":           with(user, func(o *Options) { o.Manager = Systemd }),
		"systemd-user-packaged":  with(user, func(o *Options) { o.Manager, o.Packaged = Systemd, true }),
		"systemd-user-elsewhere": {Manager: Systemd, UnitDir: "/etc/place", Program: "/home/ann/go/bin/spacedrived", DataDir: "/srv/ann/spacedrive", ConfigFile: "/home/ann/.config/spacedrive/config.toml"},
		"systemd-user-awkward":   with(awkward, func(o *Options) { o.Manager, o.UnitDir = Systemd, "/etc/place" }),
		"systemd-machine":        with(machine, func(o *Options) { o.Manager, o.Packaged = Systemd, true }),
		"systemd-machine-disk":   with(machine, func(o *Options) { o.Manager, o.DataDir = Systemd, "/tank/spacedrive" }),
		"launchd-agent":          ann,
		"launchd-agent-work":     with(ann, func(o *Options) { o.Instance = "work" }),
		"launchd-agent-awkward":  with(awkward, func(o *Options) { o.Manager, o.UnitDir = Launchd, "/etc/place" }),
		"launchd-daemon": {Manager: Launchd, System: true, Group: "350", UnitDir: "/etc/place", Program: "/opt/homebrew/opt/spacedrive/bin/spacedrived",
			DataDir: "/Library/Application Support/spacedrive"},
		"openrc":         with(machine, func(o *Options) { o.Manager, o.Packaged = OpenRC, true }),
		"openrc-awkward": with(awkward, func(o *Options) { o.Manager, o.System, o.UnitDir, o.Instance = OpenRC, true, "/etc/place", "nas" }),
		"sysv":           with(machine, func(o *Options) { o.Manager = SysV }),
		"sysv-awkward":   with(awkward, func(o *Options) { o.Manager, o.System, o.UnitDir, o.Instance = SysV, true, "/etc/place", "nas" }),
	} {
		t.Run(name, func(t *testing.T) {
			files, err := Files(o)
			if err != nil {
				t.Fatal(err)
			}
			for i := range files {
				if filepath.Dir(files[i].Path) != "/etc/place" {
					t.Errorf("%s is elsewhere", files[i].Path)
				}
				files[i].Path = "/" + filepath.Base(files[i].Path)
			}
			compareGolden(t, filepath.Join("testdata", name), files)
		})
	}
}

func TestPackagesCarryTheGoldenFiles(t *testing.T) {
	for _, m := range []Manager{Systemd, OpenRC} {
		t.Run(string(m), func(t *testing.T) {
			files, err := PackageFiles(m)
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join("testdata", "package-"+string(m)), files)
		})
	}
	if _, err := PackageFiles(Launchd); err == nil {
		t.Error("there are packages for launchd")
	}
}

// compareGolden holds files against those below dir, all of them.
func compareGolden(t *testing.T, dir string, files []File) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	want := 0
	for _, f := range files {
		golden := filepath.Join(dir, f.Path)
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, f.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		content, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Content, content) {
			t.Errorf("%s differs from its golden file (run go generate ./... if this is meant):\n%s", f.Path, f.Content)
		}
		if mode := f.Mode; mode != 0o644 && (mode != 0o755 || filepath.Ext(f.Path) != "") {
			t.Errorf("%s has mode %v", f.Path, mode)
		}
	}
	err := filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			want++
		}
		return err
	})
	if err != nil || want != len(files) {
		t.Errorf("%d files, want %d (%v)", len(files), want, err)
	}
}
