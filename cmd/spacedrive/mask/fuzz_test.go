package mask_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/mask"
)

// FuzzMask: whatever is masked, nothing panics, a second time changes nothing,
// JSON stays JSON, and a name that is known is gone.
func FuzzMask(f *testing.F) {
	for _, seed := range []string{
		`{"path":"/home/Geheimakte/x","message":"\"a\" /b c: gone"}`, `"/a/Geheimakte": /b "c`, `\u00e9\\x41\101%41\`, "/", `"`, `//`, `file:///a "b`,
		"#\t0x1\tmain.f+0x2\t/a/b.go:3\n", `a{b="Geheimakte"} 1`, "{\"b64\":\"/w==\"}", "\xff/\xff\"\xff", `/usr/bin/x /Geheimakte`, `\ud83c\udf89\ud83c`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		m := mask.New()
		m.JSON([]byte(`{"path":"/srv/Geheimakte"}`))
		for name, text := range map[string]func(string) string{
			"text": m.Text, "units": m.Units, "dump": m.Dump,
			"lines": func(s string) string { return string(m.Lines([]byte(s))) },
			"JSON":  func(s string) string { return string(m.JSON([]byte(s))) },
		} {
			text(doc)
			once := text(doc)
			if again := text(doc); again != once {
				t.Fatalf("%s: %q, then %q", name, once, again)
			}
			if name != "dump" && name != "JSON" && name != "lines" && strings.Contains(once, "Geheimakte") {
				t.Fatalf("%s: %q", name, once)
			}
		}
		m.Metrics(doc)
		if jsontext.Value(doc).IsValid() && !jsontext.Value(m.JSON([]byte(doc))).IsValid() {
			t.Fatalf("%s became %s", doc, m.JSON([]byte(doc)))
		}
	})
}
