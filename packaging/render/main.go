// Command render writes the files that a package carries besides programs and
// documentation into a folder, at the paths that they have in the package:
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
	files, err := packaging.UserUnits(packaging.Options{Program: "/usr/bin/spacedrived", UnitDir: "/usr/lib/systemd/user"})
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Content, f.Mode); err != nil {
			return err
		}
		if err := os.Chmod(path, f.Mode); err != nil { // whatever the umask
			return err
		}
	}
	return nil
}
