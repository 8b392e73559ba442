//go:build linux

package packaged

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
)

// A page is the blocks of a document by their notes, and those without one by
// what they begin with.
type page map[string]string

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func read(t *testing.T, name string) page {
	t.Helper()
	p := make(page)
	for _, b := range readme.Blocks(document(t, name)) {
		key := b.Note
		if key == "" {
			key, _, _ = strings.Cut(b.Text, "./")
		}
		p[key] = b.Text
	}
	return p
}

// take returns a block's commands, once.
func (p page) take(t *testing.T, key string) string {
	t.Helper()
	text, ok := p[key]
	if !ok {
		t.Fatalf("the page has no block %q", key)
	}
	delete(p, key)
	return text
}

// typed runs what a person types at a prompt.
func (p *person) typed(script string) string {
	p.m.t.Helper()
	return p.run("bash", "-lc", "set -e\n"+script)
}

// doctor runs spacedrive doctor, which must find what is wanted.
func (p *person) doctor(code int, want string, flags ...string) {
	p.m.t.Helper()
	o := p.try(append(append([]string{"spacedrive"}, flags...), "doctor")...)
	if o.code != code || !strings.Contains(strings.Join(strings.Fields(o.out+o.err), " "), want) {
		p.m.t.Errorf("doctor does not say %q: %v", want, o)
	}
}

// README.md and docs/install.md, read from top to bottom by somebody with a
// package: own daemon, then one for the household.
func TestThePagesAreTrueOfThePackage(t *testing.T) {
	m := boot(t)
	ann := m.person("ann")
	ann.typed("mkdir ~/Documents && touch ~/Documents/{1..10}.txt")
	first, second, _ := strings.Cut(read(t, "README.md").take(t, "sudo apt install "), "\n")
	pkg := filepath.Join("/root/downloads", "spacedrive_"+newVersion+"_amd64.deb")
	m.root("install", "-D", filepath.Join(share, newPackage), pkg)
	m.root("sh", "-euc", "cd /root/downloads\n"+strings.TrimPrefix(first, "sudo ")+" </dev/null")
	if out := ann.typed(second); !strings.Contains(out, "10") {
		t.Errorf("10 files: it prints\n%s", out)
	}
	ann.doctor(0, "fix: systemctl --user enable spacedrive.socket")

	install := read(t, "docs/install.md")
	ann.typed(install.take(t, "person quickstart"))
	ann.typed(install.take(t, "person enable"))
	ann.doctor(0, "0 warnings")
	m.root("loginctl", "disable-linger", "ann")
	m.root("sh", "-euc", install.take(t, "root linger"))
	if lingers := strings.TrimSpace(m.root("loginctl", "show-user", "--property=Linger", "--value", "ann")); lingers != "yes" {
		t.Errorf("lingering is %q", lingers)
	}

	ann.doctor(1, "fix: sudo systemctl enable --now spacedrive.socket", "--system")
	m.root("sh", "-euc", install.take(t, "root machine"))
	m.root("sh", "-euc", "mkdir -p /srv/media && touch /srv/media/film.mkv")
	ann.typed(install.take(t, "member use"))
	ann.doctor(0, "0 problems, 0 warnings", "--system")
	ann.finds("film.mkv", true)

	// What it may read: by a group, then by a capability.
	m.root("sh", "-euc", "groupadd media; mkdir -m 2750 /srv/closed; touch /srv/closed/diary.txt; chgrp -R media /srv/closed")
	ann.try("spacedrive", "--system", "location", "add", "/srv/closed")
	ann.finds("diary.txt", false)
	for _, row := range readme.Tables(document(t, "docs/install.md"))["way"] {
		if strings.Contains(row[0], "group") {
			for _, command := range readme.Words(row[1]) {
				m.root("sh", "-euc", command)
			}
		}
	}
	ann.typed("spacedrive --system location add /srv/closed || spacedrive --system location rescan /srv/closed")
	ann.finds("diary.txt", true)
	m.root("sh", "-euc", "mkdir -m 700 /srv/roots; touch /srv/roots/secret.txt")
	ann.try("spacedrive", "--system", "location", "add", "/srv/roots")
	ann.finds("secret.txt", false)
	m.root("sh", "-euc", install.take(t, "root capability"))
	ann.typed("spacedrive --system location add /srv/roots || spacedrive --system location rescan /srv/roots")
	ann.finds("secret.txt", true)

	for key := range install {
		if who, _, _ := strings.Cut(key, " "); who == "person" || who == "member" || who == "root" {
			t.Errorf("nobody runs the block %q", key)
		}
	}
}

func (p *person) finds(name string, want bool) {
	p.m.t.Helper()
	if out := p.typed("spacedrive --system --library Media search " + name); strings.Contains(out, name) != want {
		p.m.t.Errorf("searching for %s finds\n%s", name, out)
	}
}
