package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMemoryOfAnswersThatAreNotRead: a client that asks for much and reads none
// of it makes the daemon hold a few answers; the other searches run when it
// reads.
func TestMemoryOfAnswersThatAreNotRead(t *testing.T) {
	const (
		files, calls = 2000, 128
		most         = 160 << 20 // for answers of 248 MiB
	)
	root := t.TempDir()
	for i := range files {
		dir := filepath.Join(root, fmt.Sprintf("d%03d", i/100))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d%s", i, strings.Repeat("x", 200))), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data := t.TempDir()
	patient := filepath.Join(data, "patient.toml") // on a slow machine the answers take their time
	if err := os.WriteFile(patient, []byte("[limits]\nunread_timeout = \"10m\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch{args: []string{"--data-dir", data, "--config", patient}, noConfig: true, program: plainProgram(t)}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	other := dial(t, socket)
	other.ok(`{"type":"action","method":"libraries.create","payload":{"name":"x"}}`)
	added := other.ok(`{"type":"action","method":"locations.add","payload":{"path":"%s"}}`, root)
	other.awaitJob(get(added, "job_id"))
	ask := `{"type":"query","id":%d,"method":"search.files","payload":{"limit":10000}}` + "\n"

	c := dial(t, socket)
	for i := range calls {
		if _, err := fmt.Fprintf(c, ask, i+1); err != nil {
			t.Fatal(err)
		}
	}
	// The first byte says that answers have begun to come; then the daemon
	// does what it does until it stands still, which is when another search
	// has its turn after all that could go on.
	if _, err := c.lines.Peek(1); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		_ = other.SetDeadline(time.Now().Add(patience))
		want(t, other.ask(`{"type":"query","id":1,"method":"search.files","payload":{"limit":1}}`), "type", "ok")
	}
	if peak := residentPeak(t, p); peak > most {
		t.Errorf("the daemon has used %d MiB", peak>>20)
	}
	total := 0
	for range calls {
		_ = c.SetDeadline(time.Now().Add(patience))
		n := len(line(t, c))
		total += n
		if n < 1<<20 {
			t.Fatalf("an answer of %d bytes", n)
		}
	}
	peak := residentPeak(t, p)
	t.Logf("%d MiB of answers, %d MiB of memory at the most", total>>20, peak>>20)
	if peak > most {
		t.Errorf("the daemon has used %d MiB", peak>>20)
	}
}

func line(t *testing.T, c *client) []byte {
	t.Helper()
	text, err := c.lines.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	return text
}
