package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
)

// A scene brings about what an entry of docs/operations.md or docs/install.md
// is about. The commands of the entry run in a home of their own, /home/ann on
// the page, as a user who is not root.
type scene struct {
	setup string   // as ann
	root  string   // after that, as root, who cannot be had everywhere
	after string   // after that, as ann
	tools []string // beside the usual ones
	env   string   // before each command, in its shell
	check string   // after a block of commands, as ann
}

const (
	running = "spacedrive start\n"
	library = running + "mkdir -p Documents/Letters\necho text >Documents/Letters/report.txt\nspacedrive -q quickstart Documents >/dev/null\n"
	data    = "cd ~/.local/share/spacedrive\n"
)

// scenes are those of the blocks with the note "ann NAME".
var scenes = map[string]scene{
	// How things are done.
	"start":       {check: "! spacedrive status"},
	"remove-data": {setup: running + "spacedrive stop", check: "! ls .local/share/spacedrive"},
	"backup": {setup: library, tools: []string{"sqlite3"},
		check: `test "$(find ~/backup -name library.db | wc -l)" = 1; test "$(sqlite3 ~/backup/libraries/*/library.db 'pragma integrity_check')" = ok`},
	"backup-stopped": {setup: library + "mkdir -p backup/2026-01-01-000000/spacedrive\n",
		check: `spacedrive status; test -s ~/backup/*/spacedrive/libraries.json; ! ls ~/backup/2026-01-01-000000/spacedrive/*`},
	"restore": {
		setup: library + "spacedrive stop; mkdir -p backup/2026-01-01-000000/spacedrive backup/2026-01-02-000000; cp -a ~/.local/share/spacedrive backup/2026-01-02-000000/; spacedrive start; spacedrive location remove Documents\n",
		check: "spacedrive search report | grep /Documents/Letters/report.txt"},
	"restore-library": {
		setup: library + "mkdir -p backup; spacedrive stop; cp -a ~/.local/share/spacedrive/libraries* backup/; spacedrive start; spacedrive library delete --yes --delete-data Home\n",
		check: "spacedrive search report | grep /Documents/Letters/report.txt"},
	"move-library": {setup: library + "mkdir disk\n",
		check: "spacedrive search report | grep /Documents/Letters/report.txt; spacedrive library list | grep disk/Home; ! ls ~/.local/share/spacedrive/libraries/*"},

	"trace": {setup: library, check: "spacedrive --json logs -n 4096 | jq -r --arg id \"$id\" 'select(.trace_id == $id).data.message' | grep 'a job is completed'"},
	"log-level": {setup: running,
		check: "until spacedrive -q logs --level debug | grep -q DEBUG; do spacedrive status >/dev/null; done"},

	// What goes wrong.
	"not-running": {},
	"after-sudo":  {setup: running + "spacedrive stop", root: data + "chown -R 0:0 ."},
	"no-right":    {setup: running + "chmod 0 ~/.local/share/spacedrive/daemon"},
	"others": {root: "mkdir -p /home/bob/.local/share/spacedrive/daemon; chmod 700 /home/bob",
		env: "export SPACEDRIVE_DATA_DIR=/home/bob/.local/share/spacedrive\n"},
	"full-disk":    {setup: "mkdir -p .local/share", tools: []string{"mount"}, root: "cd /home/ann; mount -t tmpfs -o size=100m,mode=777 tmpfs .local/share; cd .local/share; setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'mkdir spacedrive; cat /dev/zero >ballast' || :", after: running},
	"settings":     {setup: running + "mkdir -p .config/spacedrive\nprintf 'log_level = \"debug\"\\nidle_time = \"1h\"\\n' >.config/spacedrive/config.toml"},
	"stale":        {setup: running + `kill -9 "$(cat ~/.local/share/spacedrive/daemon/daemon.sock.lock)"; while spacedrive -q status; do :; done 2>/dev/null`},
	"hangs":        {setup: running + `pid=$(cat ~/.local/share/spacedrive/daemon/daemon.sock.lock); kill -STOP $pid; until grep -q 'State:.T' /proc/$pid/status; do :; done`},
	"two":          {setup: "spacedrive --socket ~/other.sock start\nspacedrive --socket ~/other.sock library create Home\n" + running},
	"upgraded":     {setup: running},
	"disk-away":    {setup: library + "spacedrive stop; mv ~/.local/share/spacedrive/libraries elsewhere; spacedrive start"},
	"newer":        {setup: library + "spacedrive stop; cd ~/.local/share/spacedrive/libraries/*/; cp library.db library.db.v2.bak; cd; printf '\\000\\000\\000\\143' | dd of=$(ls ~/.local/share/spacedrive/libraries/*/library.db) bs=1 seek=60 conv=notrunc status=none; spacedrive start"},
	"watches":      {setup: library + "echo text >Documents/invoice.txt\n"},
	"no-such-type": {setup: library}, "no-such-method": {setup: library}, "wrong-input": {setup: library},
	"events":     {setup: library + "spacedrive library create Photos; spacedrive library use Photos; spacedrive --library Home location rescan Documents"},
	"unreadable": {setup: running + "mkdir -p Documents/Diary; chmod 0 Documents/Diary; spacedrive library create Home"},
}

// elsewhere says who runs the blocks of other notes.
var elsewhere = map[string]string{
	"systemd": "contrib/systemd-lab",
	"source":  "contrib/readme",
	"person":  "contrib/systemd-lab/packaged", "member": "contrib/systemd-lab/packaged", "root": "contrib/systemd-lab/packaged",
}

func TestTheCommandsInTheDocsDoWhatTheySay(t *testing.T) {
	bin := buildPrograms(t)
	ran := make(map[string]bool)
	for _, page := range []string{"install.md", "operations.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := readme.Blocks(string(text))
		for i, b := range blocks {
			who, rest, _ := strings.Cut(b.Note, " ")
			name, also, _ := strings.Cut(rest, " ")
			s, ok := scenes[name]
			switch {
			case b.Kind == "", elsewhere[who] != "", b.Kind == "sh" && b.Note == "" && i > 0 && blocks[i-1].Kind == "console":
				continue // another test's, or the end of the entry before
			case who != "ann" || !ok || b.Kind != "sh" && b.Kind != "console":
				t.Errorf("%s:%d: nobody runs this block", page, b.Line)
				continue
			}
			ran[name] = true
			t.Run(name, func(t *testing.T) {
				t.Parallel() // most of it is waiting
				h := newScene(t, bin, s)
				if b.Kind == "sh" {
					h.mustRun(b.Text + "\n" + s.check)
					return
				}
				if i+1 == len(blocks) || blocks[i+1].Kind != "sh" {
					t.Fatalf("%s:%d: no fix follows", page, b.Line)
				}
				h.symptomAndFix(b, blocks[i+1].Text, also)
			})
		}
	}
	for name := range scenes {
		if !ran[name] {
			t.Errorf("the scene %q is on no page", name)
		}
	}
}
