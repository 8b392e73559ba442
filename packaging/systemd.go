package packaging

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	kardianos "github.com/kardianos/service"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A systemd controls the units of one instance, and installs those of all.
type systemd struct {
	kardianos.Service
	o     Options
	files []File
}

// Install writes the files and makes systemd read them. It enables nothing.
func (s *systemd) Install() error {
	for _, f := range s.files {
		if err := writeFile(f); err != nil {
			return protocol.Errorf(protocol.OperationFailed, "cannot write %s: %w", f.Path, err)
		}
	}
	_, err := systemctl(s.o.System, "daemon-reload")
	return err
}

// Uninstall stops and disables the units of all instances and removes the
// files.
func (s *systemd) Uninstall() error {
	// In one call, so that systemd stops them together. If the service stopped first,
	// a connection to the socket could start it again.
	stop := []string{"stop"}
	for _, f := range s.files {
		// A pattern matches the loaded units; it is not an error if there are none.
		stop = append(stop, strings.NewReplacer("@", "@*", ".", "[.]").Replace(filepath.Base(f.Path)))
	}
	if _, err := systemctl(s.o.System, stop...); err != nil {
		return err
	}
	for _, f := range s.files {
		// Disabling a template removes the links of all its instances.
		if _, err := systemctl(s.o.System, "disable", "--quiet", filepath.Base(f.Path)); err != nil {
			return err
		}
	}
	if err := remove(s.files); err != nil {
		return err
	}
	_, err := systemctl(s.o.System, "daemon-reload")
	return err
}

// Start, Stop and Restart wait until systemd has done so.
func (s *systemd) Start() error   { return s.control("start") }
func (s *systemd) Stop() error    { return s.control("stop") }
func (s *systemd) Restart() error { return s.control("restart") }

func (s *systemd) control(verb string) error {
	_, err := systemctl(s.o.System, verb, ServiceUnit(s.o.Instance))
	return err
}

// systemctlTimeout bounds calls that only need systemd. Starting and stopping have no
// bound here: a daemon extends its start for as long as it takes to migrate a library,
// and systemd bounds the rest.
const systemctlTimeout = 60 * time.Second

// systemctl runs systemctl for the machine's manager or the user's, and
// returns what it printed.
func systemctl(system bool, args ...string) (string, error) {
	ctx := context.Background()
	if !slices.Contains([]string{"start", "stop", "restart"}, args[0]) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, systemctlTimeout)
		defer cancel()
	}
	words := append([]string{"--no-pager", "--no-ask-password"}, args...)
	line := "systemctl " + strings.Join(args, " ")
	if !system {
		words = append([]string{"--user"}, words...)
		line = "systemctl --user " + strings.Join(args, " ")
	}
	cmd := exec.CommandContext(ctx, "systemctl", words...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", protocol.Errorf(protocol.OperationFailed, "there is no systemd here: systemctl was not found").
			WithHint("run the daemon without it: spacedrive start")
	}
	if ctx.Err() != nil {
		return stdout.String(), protocol.Errorf(protocol.OperationFailed, "%s did not end within %v", line, systemctlTimeout).
			WithHint("see what it waits for: systemctl list-jobs")
	}
	said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n") // the rest says where to read more
	// "Failed to connect to bus: …", and from systemd 257 on "… to user scope bus via …".
	if strings.Contains(said, "Failed to connect to ") && strings.Contains(said, "bus") && !system {
		failed := protocol.Errorf(protocol.OperationFailed, "your systemd does not answer: %s", strings.TrimSpace(said))
		if runtime, ok := LostManager(); ok {
			return "", failed.WithHint("it runs, and this session does not know where: export XDG_RUNTIME_DIR=%s", runtime)
		}
		return "", failed.WithHint("log in as yourself (not by su or sudo), or have it run without a session: sudo loginctl enable-linger $USER; spacedrive start needs no systemd")
	}
	failed := protocol.Errorf(protocol.OperationFailed, "%s: %s", line, cmp.Or(strings.TrimSpace(said), err.Error()))
	if system && (strings.Contains(said, "authentication required") || strings.Contains(said, "Access denied")) {
		failed.WithHint("the machine's service is root's to control: sudo %s", line)
	}
	return stdout.String(), failed
}

var listWord = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\S+`)

// words splits a list as systemctl prints it: words with white space in them are in
// quotes, with the escapes of C, which are Go's too.
func words(list string) []string {
	found := listWord.FindAllString(list, -1)
	for i, word := range found {
		if text, err := strconv.Unquote(word); err == nil && word[0] == '"' {
			found[i] = text
		}
	}
	return found
}

// LostManager returns the folder that XDG_RUNTIME_DIR must name for the user's systemd
// to be found. lost reports whether it runs and is not found, as in the sessions of su
// and sudo.
func LostManager() (runtime string, lost bool) {
	runtime = "/run/user/" + strconv.Itoa(os.Getuid())
	_, err := os.Stat(filepath.Join(runtime, "systemd"))
	return runtime, err == nil && os.Getenv("XDG_RUNTIME_DIR") != runtime
}
