package lockfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spacedrive-go/spacedrive/service/lockfile"
)

func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := lockfile.Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lockfile.Acquire(path)
	if held := new(lockfile.HeldError); !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Fatalf("the second gets %v, not the first one's pid %d", err, os.Getpid())
	}
	first.Release()
	second, err := lockfile.Acquire(path)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	second.Release()
}

func TestAFolderThatIsNotThere(t *testing.T) {
	_, err := lockfile.Acquire(filepath.Join(t.TempDir(), "no", "lock"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
