package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// posixLocks returns this process's POSIX locks on a library's database and on
// the index of its write-ahead log.
func posixLocks(t *testing.T, folder string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/locks")
	must(t, err)
	var all []string
	for _, name := range []string{"library.db", "library.db-shm"} {
		info, err := os.Stat(filepath.Join(folder, name))
		must(t, err)
		inode := fmt.Sprintf(":%d", info.Sys().(*syscall.Stat_t).Ino)
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) >= 8 && f[1] == "POSIX" && f[4] == fmt.Sprint(os.Getpid()) && strings.HasSuffix(f[5], inode) {
				all = append(all, strings.Join(append([]string{name}, f[3:]...), " "))
			}
		}
	}
	sort.Strings(all)
	return strings.Join(all, "\n")
}

// TestReadingContentKeepsLocks: an instance reads the content of a folder where
// another instance of the process has a library open.
func TestReadingContentKeepsLocks(t *testing.T) {
	one, two := start(t), start(t)
	folder := filepath.Join(tree(t, t.TempDir(), "a.txt"), "lib")
	lib, err := create(one, "Read", folder)
	must(t, err)
	must(t, os.Link(filepath.Join(folder, "library.db"), filepath.Join(folder, "another name")))
	root := tree(t, t.TempDir(), "b.txt")
	add(one.in(lib.ID), root, api.Content)
	before := posixLocks(t, folder)
	if !strings.Contains(before, "library.db ") || !strings.Contains(before, "library.db-shm ") {
		t.Fatalf("locks: %q", before)
	}
	c := two.newLibrary("Reader")
	loc, out := add(c, filepath.Dir(folder), api.Content)
	if after := posixLocks(t, folder); after != before {
		t.Errorf("locks after:\n%s\nbefore:\n%s", after, before)
	}
	// a.txt, the lock, and an index's files, whose content is not read
	if out.Files != 6 || out.Hashed != 2 {
		t.Errorf("%+v", out)
	}
	one.close()
	if out := rescan(c, loc.ID, false); out.Hashed == 0 {
		t.Errorf("after the library was closed: %+v", out)
	}
}
