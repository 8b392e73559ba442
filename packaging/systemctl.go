package packaging

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// systemctlTimeout bounds one call of systemctl. Stopping may take the
// service's whole TimeoutStopSec and TimeoutAbortSec; nothing takes longer.
const systemctlTimeout = 60 * time.Second

// systemctl runs "systemctl --user" and returns what it printed.
func systemctl(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), systemctlTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--user", "--no-pager", "--no-ask-password"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	line := "systemctl --user " + strings.Join(args, " ")
	if errors.Is(err, exec.ErrNotFound) {
		return "", protocol.Errorf(protocol.OperationFailed, "there is no systemd here: systemctl was not found").
			WithHint("run the daemon without it: spacedrive start")
	}
	if ctx.Err() != nil {
		return stdout.String(), protocol.Errorf(protocol.OperationFailed, "%s did not end within %v", line, systemctlTimeout).
			WithHint("see what it waits for: systemctl --user list-jobs")
	}
	failed := protocol.Errorf(protocol.OperationFailed, "%s: %s", line, firstOf(stderr.String(), err.Error()))
	if strings.Contains(stderr.String(), "Failed to connect to bus") {
		failed.WithHint("your systemd manager does not run in this session: log in as yourself (not by su or sudo), or run loginctl enable-linger; spacedrive start needs no systemd")
	}
	return stdout.String(), failed
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			return t
		}
	}
	return ""
}
