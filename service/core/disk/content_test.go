package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/zeebo/blake3"
	"golang.org/x/sys/unix"
)

// TestRead reads files that are no longer what the scan found.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	fd, err := OpenFolder(unix.AT_FDCWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	content := []byte("content of the file")
	at := time.Unix(1_700_000_000, 123)
	path := filepath.Join(dir, "file")
	for _, tt := range []struct {
		name string
		then func() error
		want error
	}{
		{"unchanged", func() error { return nil }, nil},
		{"longer", func() error {
			return errors.Join(os.WriteFile(path, append(content, 'x'), 0o600), os.Chtimes(path, at, at))
		}, ErrChanged},
		{"at another time", func() error { return os.Chtimes(path, at, at.Add(1)) }, ErrChanged},
		{"a fifo", func() error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) }, ErrChanged},
		{"a symlink", func() error { return errors.Join(os.Remove(path), os.Symlink("/etc/passwd", path)) }, ErrChanged},
		{"a socket", func() error { return errors.Join(os.Remove(path), syscall.Mknod(path, syscall.S_IFSOCK|0o600, 0)) }, ErrChanged},
		{"gone", func() error { return os.Remove(path) }, unix.ENOENT},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_ = os.Remove(path)
			if err := errors.Join(os.WriteFile(path, content, 0o600), os.Chtimes(path, at, at)); err != nil {
				t.Fatal(err)
			}
			seen, err := LookAt(fd, "file")
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.then(); err != nil {
				t.Fatal(err)
			}
			c, err := newReader(7).Read(t.Context(), fd, "file", seen.Size, seen.Modified)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if tt.want == nil && c.Hash != blake3.Sum256(content) {
				t.Error("another hash")
			}
		})
	}
}

// TestReadOfAFileThatChangesMeanwhile changes a file between two reads of it.
func TestReadOfAFileThatChangesMeanwhile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("twenty bytes of file"), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := OpenFolder(unix.AT_FDCWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	seen, err := LookAt(fd, "file")
	if err != nil {
		t.Fatal(err)
	}
	ctx := &asked{Context: t.Context(), then: func() {
		at := time.Unix(1_700_000_000, 0)
		if err := errors.Join(os.WriteFile(path, []byte("TWENTY BYTES OF FILE"), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Error(err)
		}
	}}
	if _, err := newReader(8).Read(ctx, fd, "file", seen.Size, seen.Modified); !errors.Is(err, ErrChanged) || ctx.times < 3 {
		t.Errorf("error %v after %d reads", err, ctx.times)
	}
}

// asked is a context that does something when it is asked for the second time
// whether it has ended.
type asked struct {
	context.Context
	times int
	then  func()
}

func (a *asked) Err() error {
	if a.times++; a.times == 2 {
		a.then()
	}
	return a.Context.Err()
}

// TestOpenBelowFollowsNoSymlink tries both ways of opening a folder.
func TestOpenBelowFollowsNoSymlink(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "a/b/c"), 0o700), os.Symlink("a", filepath.Join(dir, "link")), os.Symlink("c", filepath.Join(dir, "a/b/end"))); err != nil {
		t.Fatal(err)
	}
	fd, err := OpenFolder(unix.AT_FDCWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for name, open := range map[string]func(int, string, int) (int, error){"whole": openBelow, "in parts": openParts} {
		for path, want := range map[string]error{
			".": nil, "a": nil, "a/b/c": nil, "link": unix.ENOTDIR, "link/b": unix.ENOTDIR, "a/b/end": unix.ENOTDIR, "a/x": unix.ENOENT,
		} {
			opened, err := open(fd, path, unix.O_RDONLY)
			if err == nil {
				unix.Close(opened)
			}
			if errors.Is(err, unix.ELOOP) {
				err = unix.ENOTDIR // the kernel says one or the other
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: %s: %v, want %v", name, path, err, want)
			}
		}
	}
}
