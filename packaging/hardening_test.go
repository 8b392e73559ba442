package packaging

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/hardening.md gives each directive's reason, and names as present none
// that is not.
func TestEveryDirectiveHasItsReason(t *testing.T) {
	page, err := os.ReadFile("../docs/hardening.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for line := range strings.Lines(string(page)) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && strings.HasPrefix(line, "| `") {
			for _, m := range regexp.MustCompile("`([A-Za-z]+)=").FindAllStringSubmatch(cell, -1) {
				documented[m[1]] = true
			}
		}
		if strings.HasPrefix(line, "Left out on purpose") {
			break // the last table names what is not there
		}
	}
	present := make(map[string]bool)
	for line := range strings.Lines(socketTemplate + serviceTemplate) {
		if _, rest, ok := strings.Cut(line, "] "); ok && strings.HasPrefix(line, "[") {
			line = rest // of one form alone
		}
		if name, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			present[name] = true
			if !documented[name] {
				t.Errorf("%s= has no reason in docs/hardening.md", name)
			}
		}
	}
	for name := range documented {
		if !present[name] {
			t.Errorf("docs/hardening.md has a reason for %s=, which is in no unit", name)
		}
	}
}
