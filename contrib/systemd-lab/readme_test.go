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
		if strings.Contains(block, "core.status") && !strings.Contains(string(out), `"activation":"systemd"`) {
			t.Errorf("%s printed\n%s", block, out)
		}
	}
	if ran != 2 {
		t.Errorf("%d blocks about the service, want the installation and its opposite", ran)
	}
	if _, err := os.Stat(d.socket); !os.IsNotExist(err) {
		t.Errorf("the last block leaves the socket: %v", err)
	}
}
