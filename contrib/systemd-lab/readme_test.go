package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
)

func TestTheReadmesServiceCommandsWork(t *testing.T) {
	d := clean(t)
	d.spacedrive("quickstart", share) // as the README has it first: a daemon that systemd knows nothing of
	markdown, err := os.ReadFile(filepath.Join(share, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, block := range readme.Commands(string(markdown)) {
		if !strings.Contains(block, "service ") {
			continue
		}
		ran++
		cmd := exec.Command("sh", "-euc", block)
		cmd.Dir = share // which has bin/, as the repository has after the build
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", block, err, out)
		}
		if !strings.Contains(block, "core.status") {
			continue
		}
		if !strings.Contains(string(out), `"activation":"systemd"`) {
			t.Errorf("%s printed\n%s", block, out)
		}
		if list := d.spacedrive("library", "list"); !strings.Contains(list, "Home") {
			t.Errorf("what was made before is gone:\n%s", list)
		}
	}
	if ran != 2 {
		t.Errorf("%d blocks about the service, want the installation and its opposite", ran)
	}
	if _, err := os.Stat(d.socket); !os.IsNotExist(err) {
		t.Errorf("the last block leaves the socket: %v", err)
	}
}
