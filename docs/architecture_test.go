// Package docs holds the project's documents, and the test that keeps the one
// on the architecture true.
package docs

import (
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/spacedrive-go/spacedrive/"

// An arrow is a line of the block in architecture.md.
type arrow struct {
	from   string
	to     []string
	needed map[string]bool // which of to some import uses
}

func arrows(t *testing.T) []*arrow {
	t.Helper()
	text, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```arrows\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok {
		t.Fatal("architecture.md has no block of arrows")
	}
	var all []*arrow
	for line := range strings.Lines(block) {
		from, to, ok := strings.Cut(line, "->")
		if !ok {
			t.Fatalf("no arrow: %q", line)
		}
		all = append(all, &arrow{strings.TrimSpace(from), strings.Fields(to), make(map[string]bool)})
	}
	return all
}

// names reports whether a pattern of the block, such as "service/*", names the
// package.
func names(pattern, pkg string) bool {
	ok, err := path.Match(pattern, pkg)
	return err == nil && ok
}

func TestImportsFollowTheArrows(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := arrows(t)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		// The first line whose left side names the package holds; an exact
		// name comes before a pattern.
		var rule *arrow
		for _, a := range all {
			if a.from == pkg || rule == nil && names(a.from, pkg) {
				rule = a
			}
		}
		for _, imported := range fields[1:] {
			imported, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			allowed := false
			for _, pattern := range allowedBy(rule) {
				if names(pattern, imported) {
					allowed, rule.needed[pattern] = true, true
				}
			}
			if !allowed {
				t.Errorf("%s imports %s: no arrow in docs/architecture.md allows it", pkg, imported)
			}
		}
	}
	for _, a := range all {
		for _, to := range a.to {
			if !a.needed[to] {
				t.Errorf("docs/architecture.md: the arrow %s -> %s is no longer needed", a.from, to)
			}
		}
	}
}

func allowedBy(rule *arrow) []string {
	if rule == nil {
		return nil
	}
	return rule.to
}
