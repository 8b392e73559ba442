package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetLibraryKeepsTheRestOfTheFile(t *testing.T) {
	for name, test := range map[string]struct{ before, after string }{
		"empty":           {"", "library = \"Home\"\n"},
		"other keys":      {"# mine\ninstance = \"a\" # why\n", "# mine\ninstance = \"a\" # why\nlibrary = \"Home\"\n"},
		"no last newline": {"instance = \"a\"", "instance = \"a\"\nlibrary = \"Home\"\n"},
		"set before":      {"library   =   'Old'  # the old\nno_color = true\n", "library   =   \"Home\"  # the old\nno_color = true\n"},
		"only a table":    {"# limits\n[limits]\ncalls = 3\n", "# limits\nlibrary = \"Home\"\n[limits]\ncalls = 3\n"},
		"quoted key":      {"\"library\" = \"Old\"\n", "\"library\" = \"Home\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.before)
			if err := SetLibrary(path, "", "Home"); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.after {
				t.Errorf("the file became:\n%s\nwant:\n%s", got, test.after)
			}
		})
	}
}

func TestSetLibraryOfAnotherPlace(t *testing.T) {
	for name, test := range map[string]struct{ place, before, after string }{
		"empty":        {"dev", "", "\n[libraries]\ndev = \"Home\"\n"},
		"set before":   {"dev", "[libraries]\ndev = 'Old' # mine\n", "[libraries]\ndev = \"Home\" # mine\n"},
		"other places": {"dev", "[libraries]\nb = \"B\"\n[limits]\ncalls = 3\n", "[libraries]\ndev = \"Home\"\nb = \"B\"\n[limits]\ncalls = 3\n"},
		"other tables": {"dev", "[limits]\ncalls = 3", "[limits]\ncalls = 3\n\n[libraries]\ndev = \"Home\"\n"},
		"header last":  {"dev", "[libraries]", "[libraries]\ndev = \"Home\"\n"},
		"a host":       {"ssh://me@box/dev", "library = \"A\"\n", "library = \"A\"\n\n[libraries]\n\"ssh://me@box/dev\" = \"Home\"\n"},
		"a folder":     {`/a.b/"c"\d`, "", "\n[libraries]\n\"/a.b/\\\"c\\\"\\\\d\" = \"Home\"\n"},
		"dotted key":   {"dev", "libraries.dev = \"A\"\n", "libraries.dev = \"Home\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.before)
			if err := SetLibrary(path, test.place, "Home"); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.after {
				t.Errorf("the file became:\n%s\nwant:\n%s", got, test.after)
			}
		})
	}
}

func TestSetLibraryWritesAnyName(t *testing.T) {
	path := write(t, "[limits]\ncalls = 3\n")
	for _, name := range []string{"Fotos", `with "quotes"`, "日本 🎞", "ünï", "a'b", "tab-less # hash"} {
		if err := SetLibrary(path, "", name); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		c, err := Load(path)
		if err != nil || c.Library != name || c.Limits.Calls != 3 {
			t.Errorf("%q is read back as %q, calls %d, error %v", name, c.Library, c.Limits.Calls, err)
		}
	}
}

func TestSetLibraryMakesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	if err := SetLibrary(path, "", "Home"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, error %v", info.Mode(), err)
	}
}

func TestSetLibraryKeepsModeAndLink(t *testing.T) {
	path := write(t, "")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := SetLibrary(link, "", "Home"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, error %v", info.Mode(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file became %v, error %v", info.Mode(), err)
	}
}

func TestSetLibraryLeavesABadFileAlone(t *testing.T) {
	const bad = "library = \n"
	path := write(t, bad)
	err := SetLibrary(path, "", "Home")
	if err == nil || !strings.Contains(err.Error(), path+":1:") {
		t.Errorf("the error is %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != bad {
		t.Errorf("the file became %q", got)
	}
}
