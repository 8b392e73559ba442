package packaging

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// StableProgram returns the path of a program that its package manager keeps from
// version to version: the name on the PATH, or Homebrew's link to the version
// of the day, where these lead to the same file. launchd goes on to hold the
// socket of a job whose program is gone, and its clients hang. For the machine
// the PATH, which is one user's, does not count.
func StableProgram(program string, machine bool) string {
	paths := []string{}
	if link, err := exec.LookPath(filepath.Base(program)); err == nil && !machine {
		paths = append(paths, link)
	}
	if prefix, rest, ok := strings.Cut(program, "/Cellar/"); ok {
		if formula, below, ok := strings.Cut(rest, "/"); ok {
			_, file, _ := strings.Cut(below, "/") // behind the version
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
