package packaging

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestUserUnitsAreTheGoldenOnes(t *testing.T) {
	for name, o := range map[string]Options{
		"package":   {Program: "/usr/bin/spacedrived"},
		"installed": {Program: "/home/ann/go/bin/spacedrived", DataDir: "/srv/ann/spacedrive", ConfigFile: "/home/ann/.config/spacedrive/config.toml"},
		"awkward":   {Program: `/opt/50% off; $HOME/spacedrived`, DataDir: `/srv/100% "de" l'été \ $USER`, ConfigFile: "/srv/a b.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			o.UnitDir = "/etc/systemd/user"
			files, err := UserUnits(o)
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != 4 {
				t.Fatalf("%d units, want socket and service, each plain and as a template", len(files))
			}
			for _, f := range files {
				golden := filepath.Join("testdata", name, filepath.Base(f.Path))
				if *update {
					if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(golden, f.Content, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(f.Content, want) {
					t.Errorf("%s differs from its golden file (go test ./packaging -update, if this is meant):\n%s", f.Path, f.Content)
				}
				if filepath.Dir(f.Path) != o.UnitDir || f.Mode != 0o644 {
					t.Errorf("%s has mode %v", f.Path, f.Mode)
				}
			}
		})
	}
}
