//go:build linux

package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A tree is a folder of files that change, and a location of libraries.
type tree struct {
	root string
	disk string // where a disk comes and goes
}

// maxNames is how many names a tree's changes are about: few enough that they
// meet again.
const maxNames = 400

func newTree(root string) (*tree, error) {
	t := &tree{root, filepath.Join(root, "disk")}
	if err := os.MkdirAll(t.disk, 0o700); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 3 * maxNames {
		t.changeOne(random)
	}
	return t, nil
}

// change changes files until ctx ends.
func (t *tree) change(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		for range random.IntN(30) {
			t.changeOne(random)
		}
		pause(ctx, time.Duration(random.IntN(50))*time.Millisecond)
	}
}

// name draws a path of the tree.
func (t *tree) name(random *rand.Rand) string {
	n := random.IntN(maxNames)
	dir := []string{t.root, t.disk}[random.IntN(8)/7]
	return filepath.Join(dir, fmt.Sprintf("folder %d", n%7), fmt.Sprintf("sub %d", n%5), fmt.Sprintf("file %d.txt", n))
}

// changeOne makes one change. Many fail, as what they change is not there.
func (t *tree) changeOne(random *rand.Rand) {
	a, b := t.name(random), t.name(random)
	switch random.IntN(12) {
	case 0, 1, 2, 3:
		_ = os.MkdirAll(filepath.Dir(a), 0o700)
		_ = os.WriteFile(a, make([]byte, random.IntN(3000)), 0o600)
	case 4, 5:
		_ = os.Rename(a, b)
	case 6:
		_ = os.Link(a, b)
	case 7, 8:
		_ = os.Remove(a)
	case 9:
		_ = os.Rename(filepath.Dir(a), filepath.Dir(b)+" moved")
	case 10:
		_ = os.Rename(filepath.Dir(a)+" moved", filepath.Dir(b))
	case 11:
		_ = os.Symlink(a, b)
		if random.IntN(20) == 0 {
			_ = os.RemoveAll(filepath.Dir(b))
		}
	}
}

func (t *tree) mount() { _ = syscall.Mount("tmpfs", t.disk, "tmpfs", 0, "size=1m") }

// unmount takes every disk away, also one with open files.
func (t *tree) unmount() {
	for syscall.Unmount(t.disk, 0) == nil || syscall.Unmount(t.disk, syscall.MNT_DETACH) == nil {
	}
}

// count returns how many files and folders are below the root.
func (t *tree) count() (files, folders int64, err error) {
	err = filepath.WalkDir(t.root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || path == t.root:
			return err
		case entry.IsDir():
			folders++
		default:
			files++
		}
		return nil
	})
	return files, folders, err
}
