package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const module = "github.com/spacedrive-go/spacedrive"

// A bench is one run: its options and its folder, which close removes.
type bench struct {
	options
	progress io.Writer

	dir   string // holds all below
	tools string // the programs that are compared with
	bin   string // spacedrive and spacedrived
	tree  string // made when a part first needs it

	sockets int // made so far
}

// prepare builds the programs.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp(b.Dir, "spacedrive-bench-"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	b.say("building")
	b.tools = filepath.Join(b.dir, "tools")
	if err := build(ctx, b.tools, "contrib/bench/benchd", "contrib/bench/caller", "contrib/bench/echo", "contrib/bench/load", "contrib/bench/minimal"); err != nil {
		return err
	}
	if b.bin = b.Bin; b.bin != "" {
		b.bin, err = filepath.Abs(b.bin)
		return err
	}
	b.bin = filepath.Join(b.dir, "bin")
	return build(ctx, b.bin, "cmd/spacedrive", "cmd/spacedrived")
}

// build builds programs of this module, as they are shipped, into dir.
func build(ctx context.Context, dir string, programs ...string) error {
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + "/"}
	for _, p := range programs {
		args = append(args, module+"/"+p)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %v: %w\n%s", programs, err, out)
	}
	return nil
}

func (b *bench) close() {
	if err := os.RemoveAll(b.dir); err != nil {
		b.say("%v", err)
	}
}

// say tells who waits what is going on.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// indexed returns the tree to index.
func (b *bench) indexed(ctx context.Context) (string, error) {
	if b.Tree != "" {
		return filepath.Abs(b.Tree)
	}
	if b.tree != "" {
		return b.tree, nil
	}
	path := filepath.Join(b.dir, "tree")
	b.say("making a tree of %d files", b.Files)
	if err := makeTree(ctx, path, b.Files); err != nil {
		return "", err
	}
	unix.Sync() // or the disk is busy with it while something else is measured
	b.tree = path
	return path, nil
}
