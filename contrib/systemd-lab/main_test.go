// Package lab tests the daemon under a real systemd, as a normal user.
//
// "go test" builds both programs, boots the lab beside this file, and runs its
// own test binary again inside, as the lab's user. There the tests are plain
// Go: they call systemctl and connect to sockets like anyone. Start reading
// at activation_test.go; daemon_test.go has what the tests share.
//
// Where no lab can be booted every test is skipped and says why; with
// SYSTEMD_LAB=required in the environment that is a failure instead.
package lab

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// shareVariable names the folder that both sides see, and so tells the inner run from
// the outer.
const shareVariable = "SYSTEMD_LAB_SHARE"

var (
	share   = os.Getenv(shareVariable)
	skipped string // why there is no lab
)

func TestMain(m *testing.M) {
	flag.Parse()
	if share != "" {
		os.Exit(m.Run())
	}
	if list := flag.Lookup("test.list"); list != nil && list.Value.String() != "" {
		os.Exit(m.Run())
	}
	if skipped = unable(); skipped != "" {
		if os.Getenv("SYSTEMD_LAB") == "required" {
			fmt.Fprintln(os.Stderr, "the systemd lab is required, but:", skipped)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "NOT TESTED under systemd:", skipped)
		os.Exit(m.Run())
	}
	code, err := runInside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "systemd lab:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func unable() string {
	if runtime.GOOS != "linux" {
		return "there is no systemd on " + runtime.GOOS
	}
	if os.Getuid() != 0 {
		return "the lab needs root, to make namespaces and mounts"
	}
	if out, err := exec.Command("unshare", "--pid", "--mount", "--net", "--fork", "true").CombinedOutput(); err != nil {
		return fmt.Sprintf("this machine lets nobody make namespaces: %v: %s", err, out)
	}
	return ""
}

// runInside runs this test binary in a lab of its own and returns its exit
// status.
func runInside() (code int, err error) {
	sweep()
	share, err := os.MkdirTemp("", "systemd-lab-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(share)
	if err := fill(share); err != nil {
		return 0, err
	}

	env := append(os.Environ(), "LAB_DIR="+stateDir(os.Getpid()), "LAB_BIND="+share)
	lab := func(args ...string) *exec.Cmd {
		cmd := exec.Command("./lab", args...)
		cmd.Env, cmd.Stdout, cmd.Stderr = env, os.Stdout, os.Stderr
		return cmd
	}
	defer func() { err = errors.Join(err, quiet(lab("down")).Run()) }()
	// An interrupt reaches every process of the terminal; the lab goes down
	// once the inner run has ended of it.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)
	if err := quiet(lab("up")).Run(); err != nil {
		return 0, fmt.Errorf("cannot boot: %w", err)
	}
	inner := append([]string{"run", "env", shareVariable + "=" + share, filepath.Join(share, "lab.test")}, innerFlags()...)
	run := lab(inner...)
	if err := run.Run(); run.ProcessState == nil {
		return 0, err
	}
	return run.ProcessState.ExitCode(), nil
}

// quiet keeps what cmd prints out of the test's output.
func quiet(cmd *exec.Cmd) *exec.Cmd {
	cmd.Stdout = io.Discard
	return cmd
}

// fill puts into share what the tests need: both programs, built as they are
// shipped, this test binary, and the README.
func fill(share string) error {
	if err := os.Chmod(share, 0o755); err != nil { // #nosec G302 -- the lab's user reads it
		return err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(share, "bin")+"/", "../../cmd/spacedrive", "../../cmd/spacedrived")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the programs: %w\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for from, to := range map[string]string{self: "lab.test", "../../README.md": "README.md", "../../docs/operations.md": "operations.md", "../../docs/install.md": "install.md"} {
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(share, to), content, 0o755)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// innerFlags returns the flags of this run but those that name files, which
// the lab's user cannot write.
func innerFlags() []string {
	var flags []string
	for _, f := range os.Args[1:] {
		name, _, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		switch strings.TrimPrefix(name, "test.") {
		case "testlogfile", "coverprofile", "gocoverdir", "outputdir", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace":
		default:
			flags = append(flags, f)
		}
	}
	return flags
}

func stateDir(pid int) string { return fmt.Sprintf("/run/systemd-lab.test.%d", pid) }

// sweep takes down the labs of test runs that were killed before they could.
func sweep() {
	left, _ := filepath.Glob("/run/systemd-lab.test.*")
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Ext(dir), "."))
		if err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		down := exec.Command("./lab", "down")
		down.Env = append(os.Environ(), "LAB_DIR="+dir)
		if out, err := down.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "systemd lab: cannot take down %s: %v: %s\n", dir, err, out)
		}
	}
}
