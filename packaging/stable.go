package packaging

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// StableProgram returns a path of a program that stays the same when its package is
// upgraded: the name on the PATH, or Homebrew's link to the current version, if they
// lead to the same file. Otherwise launchd would keep the socket of a job whose
// program is gone, and its clients would hang. The PATH is one user's, so it is not
// used for the machine.
func StableProgram(program string, machine bool) string {
	paths := []string{}
	if link, err := exec.LookPath(filepath.Base(program)); err == nil && !machine {
		paths = append(paths, link)
	}
	if prefix, rest, ok := strings.Cut(program, "/Cellar/"); ok {
		if formula, below, ok := strings.Cut(rest, "/"); ok {
			_, file, _ := strings.Cut(below, "/") // after the version
			paths = append(paths, filepath.Join(prefix, "opt", formula, file))
		}
	}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err == nil && !strings.Contains(abs, "/Cellar/") && SameFile(abs, program) {
			return abs
		}
	}
	return program
}
