package packaging

import (
	"os"
	"path/filepath"
	"testing"
)

// launchd makes no folders: without these it cannot bind the socket.
func TestASecondInstallForLaunchdMakesTheFoldersToo(t *testing.T) {
	dir := t.TempDir()
	plist := File{filepath.Join(dir, "com.spacedrive.daemon.plist"), []byte("new"), 0o644}
	if err := os.WriteFile(plist.Path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &script{o: Options{Manager: Launchd, DataDir: filepath.Join(dir, "data")}, files: []File{plist}}
	if err := s.Install(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data/daemon", "data/logs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, _ := os.ReadFile(plist.Path); string(got) != "new" {
		t.Errorf("the file holds %q", got)
	}
}
