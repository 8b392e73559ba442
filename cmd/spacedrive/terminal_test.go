package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// realDaemon starts spacedrived with an indexed folder of the given files, and
// returns its socket.
func realDaemon(t *testing.T, files ...string) string {
	t.Helper()
	bin, err := daemonDir()
	if err != nil {
		t.Fatal(err)
	}
	data, tree := t.TempDir(), t.TempDir()
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(tree, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(data, "d.sock")
	daemon := exec.Command(filepath.Join(bin, "spacedrived"), "--data-dir", data, "--socket", socket, "--config", filepath.Join(data, "none.toml"))
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(os.Interrupt) // it may have ended
		_ = daemon.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	target := client.Socket(socket)
	target.HelloTimeout = patience
	c, err := client.Dial(ctx, target)
	for err != nil && client.Absent(err) && ctx.Err() == nil {
		c, err = client.Dial(ctx, target)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sub, err := c.Subscribe(ctx, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.JobUpdate.Type}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Call(ctx, c, api.LibrariesCreate, api.LibraryCreateInput{Name: "Home"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Call(ctx, c, api.LocationsAdd, api.LocationAddInput{Path: protocol.Path(tree)}); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := sub.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var d api.JobEvent
		if m.Event != nil && m.Event.Data.Decode(&d) == nil && d.Status == api.JobCompleted {
			return socket
		}
	}
}

func TestSearchOnATerminal(t *testing.T) {
	socket := realDaemon(t, "evil\x1b[31mname", "plain name", "broken\xffname")
	s := startSession(t, socket, "search", "name", "--sort", "name")
	if code := s.exit(); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.seen.String())
	}
	out := s.seen.String()
	for _, want := range []string{
		"\x1b[1mSIZE  MODIFIED", // a table, its head bold
		`evil\x1b[31mname`,
		`broken\xffname`,
		"plain \x1b[1mname\x1b[0m", // what fits, bold
		"3 hits",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the terminal does not show %q:\n%q", want, out)
		}
	}
	if strings.Contains(out, "\x1b[31mname") || strings.Contains(out, "\xff") {
		t.Errorf("a name reached the terminal as it is:\n%q", out)
	}
}

func TestSearchWithAPatternIsExplained(t *testing.T) {
	s := startSession(t, realDaemon(t, "a.pdf"), "search", "*.pdf")
	s.expect("Nothing found. A * or ? is looked for as it stands")
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestNoColor(t *testing.T) {
	socket := realDaemon(t, "plain name")
	for name, args := range map[string][]string{
		"flag":     {"--no-color", "search", "name"},
		"variable": {"search", "name"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "variable" {
				t.Setenv("NO_COLOR", "1")
			}
			s := startSession(t, socket, args...)
			s.exit()
			if out := s.seen.String(); strings.Contains(out, "\x1b[1m") || !strings.Contains(out, "plain name") {
				t.Errorf("the terminal shows:\n%q", out)
			}
		})
	}
}

func TestDeleteAsksOnATerminal(t *testing.T) {
	socket := realDaemon(t, "a")
	s := startSession(t, socket, "library", "delete", "Home")
	s.expect(`Forget the library "Home"?`)
	s.press("n\n")
	s.expect("Nothing was deleted.")
	if code := s.exit(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	s = startSession(t, socket, "library", "delete", "Home")
	s.expect("[y/N]")
	s.press("y\n")
	s.expect(`Forgot the library "Home"`)
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
