package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// FuzzConfig reads any file: it is refused with a place, or each setting that
// it has can be written down again, and means the same then.
func FuzzConfig(f *testing.F) {
	path := filepath.Join(f.TempDir(), "config.toml")
	place := regexp.MustCompile(`^` + regexp.QuoteMeta(path) + `(:[1-9]\d*)?: .`)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if err := os.WriteFile(path, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path)
		if err != nil {
			if !place.MatchString(err.Error()) {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		for _, key := range Keys() {
			if !c.InFile(key) {
				if want := Default(); c.Text(key) != want.Text(key) {
					t.Fatalf("%s is %q, and the file does not say so", key, c.Text(key))
				}
				continue
			}
			again := Default()
			if err := setText(&again, key, c.Text(key)); err != nil {
				t.Fatalf("%s is %q, which cannot stand in a file: %v", key, c.Text(key), err)
			}
			if again.Text(key) != c.Text(key) {
				t.Fatalf("%s was %q and is %q", key, c.Text(key), again.Text(key))
			}
		}
	})
}

// setText sets a key to a text, or to the number or the truth that it spells.
func setText(c *Config, key, text string) error {
	switch {
	case text == "true" || text == "false":
		return c.set(key, text == "true")
	case strings.HasPrefix(key, "limits.") && strings.Trim(text, "0123456789") == "":
		n := int64(0)
		for _, digit := range text {
			n = n*10 + int64(digit-'0')
		}
		return c.set(key, n)
	}
	return c.set(key, text)
}

// FuzzSetLibrary sets the default library in any file that can be read: all
// else that the file says stays, or the file stays as it is.
func FuzzSetLibrary(f *testing.F) {
	path, inTable := filepath.Join(f.TempDir(), "config.toml"), filepath.Join(f.TempDir(), "table.toml")
	f.Fuzz(func(t *testing.T, doc []byte, library string) {
		if err := os.WriteFile(path, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		before, loadErr := Load(path)
		err := SetLibrary(path, "", library)
		after, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err != nil {
			if string(after) != string(doc) {
				t.Fatalf("%v, and the file has become %q", err, after)
			}
			return
		}
		if err := os.WriteFile(inTable, after, 0o600); err != nil {
			t.Fatal(err)
		}
		if SetLibrary(inTable, "dev", library) == nil {
			if c, err := Load(inTable); err != nil || c.Libraries["dev"] != library || c.Library != library {
				t.Fatalf("the library of dev is %q, want %q, %v", c.Libraries["dev"], library, err)
			}
		}
		got, afterErr := Load(path)
		if loadErr != nil || afterErr != nil || got.Library != library {
			t.Fatalf("library is %q, want %q; %v before, %v after: %q", got.Library, library, loadErr, afterErr, after)
		}
		for _, key := range Keys() {
			if key != "library" && (got.Text(key) != before.Text(key) || got.InFile(key) != before.InFile(key)) {
				t.Fatalf("%s was %q and is %q", key, before.Text(key), got.Text(key))
			}
		}
	})
}
