package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// TestTheFileIsRotated: every line is in one file, whole, and no file grows
// beyond its bound.
func TestTheFileIsRotated(t *testing.T) {
	path := File(t.TempDir())
	l, err := Open(JSON, path)
	if err != nil {
		t.Fatal(err)
	}
	log := l.Logger()
	const lines = 2*fileMegabytes<<6 + 10 // of 16 KiB and more
	text := strings.Repeat("x", 16<<10)
	for i := range lines {
		log.Info().Int("n", i).Msg(text)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("%d files", len(files))
	}
	seen := make(map[float64]bool)
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(doc) > fileMegabytes<<20 {
			t.Errorf("%s has %d bytes", file, len(doc))
		}
		for line := range bytes.Lines(doc) {
			var m map[string]any
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatalf("%s: %v: %.100s", file, err, line)
			}
			seen[m["n"].(float64)] = true
		}
	}
	if l.Lost() != 0 {
		t.Errorf("%d lines are counted as lost", l.Lost())
	}
	if len(seen) != lines {
		t.Errorf("%d of %d lines are there", len(seen), lines)
	}
}

// TestAFullDisk: a line that the disk has no room for goes to stderr, with the
// reason, and is an event all the same.
func TestAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("NOT TESTED: a full disk, because this system has no /dev/full")
	}
	path := File(t.TempDir())
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	said := stderrOf(t, func() {
		l, err := Open(JSON, path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var events []string
		l.Attach("default", func(ev protocol.Event) {
			events = append(events, ev.Data.Interface().(api.LogEvent).Message)
		})
		log := l.Logger()
		for i := range 3 {
			log.Info().Msg(fmt.Sprint("line ", i))
		}
		if got := strings.Join(events, ", "); got != "line 0, line 1, line 2" {
			t.Errorf("events: %s", got)
		}
		if l.Lost() != 3 {
			t.Errorf("%d lines are counted as lost", l.Lost())
		}
	})
	for i := range 3 {
		if !strings.Contains(said, fmt.Sprint("line ", i)) {
			t.Errorf("line %d is lost: stderr has %q", i, said)
		}
	}
	if !strings.Contains(said, "no space left on device") {
		t.Errorf("stderr does not say why: %q", said)
	}
}

// stderrOf returns what f writes to stderr.
func stderrOf(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = was }()
	said := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		r.Close()
		said <- string(text)
	}()
	f()
	w.Close()
	return <-said
}
