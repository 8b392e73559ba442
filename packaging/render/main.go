// Command render writes the files of a package, other than programs and documentation,
// into a folder, at the paths that they have in the package. It writes those for
// systemd and those for OpenRC, of which a package has one:
//
//	go run ./packaging/render DIR
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/packaging"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: render DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	for _, manager := range []packaging.Manager{packaging.Systemd, packaging.OpenRC} {
		files, err := packaging.PackageFiles(manager)
		if err != nil {
			return err
		}
		for _, f := range files {
			f.Path = filepath.Join(dir, f.Path)
			if err := write(f); err != nil {
				return err
			}
		}
	}
	return nil
}

func write(f packaging.File) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(f.Path, f.Content, f.Mode); err != nil {
		return err
	}
	return os.Chmod(f.Path, f.Mode) // whatever the umask
}
