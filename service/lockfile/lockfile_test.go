package lockfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
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

// Whoever may write in the folder could have the daemon empty any file of its
// user's.
func TestALinkIsNoLockFile(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, "lock")
	if err := os.Symlink(precious, lock); err != nil {
		t.Fatal(err)
	}
	if _, err := lockfile.Acquire(lock); !errors.Is(err, os.ErrPermission) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "text" {
		t.Errorf("the file that the link leads to holds %q, %v", text, err)
	}
}

// A holder may remove the file, with the folder that it locked. Who opened the
// file before has locked a name that others no longer see.
func TestAfterTheFileWasRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 200 {
		first, err := lockfile.Acquire(path)
		if err != nil {
			t.Fatal(err)
		}
		if !first.At(path) {
			t.Fatal("the lock is not at its path")
		}
		// Others try all the while, and one of them gets it.
		var others sync.WaitGroup
		var held [4]*lockfile.Lock
		for i := range held {
			others.Go(func() {
				for first.At(path) && held[i] == nil {
					held[i], _ = lockfile.Acquire(path)
				}
				if held[i] == nil {
					held[i], _ = lockfile.Acquire(path)
				}
			})
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		first.Release()
		others.Wait()
		holders := 0
		for _, l := range held {
			if l != nil {
				holders++
				if !l.At(path) {
					t.Error("a lock is not at its path")
				}
				l.Release()
			}
		}
		if holders != 1 {
			t.Fatalf("%d hold the lock", holders)
		}
		if first.At(path) {
			t.Fatal("the released lock is still at its path")
		}
	}
}
