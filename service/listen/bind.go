package listen

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
)

// Bind makes a socket at path for the instance: mode 0600, in a folder of mode
// 0700 where it has to make that. A lock file beside the socket, held as long
// as the Listener is open, keeps two daemons from taking the same path; the
// one that comes second is told who holds it.
func Bind(path, instance string) (*Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the socket's path has %d bytes and the kernel allows %d: %s (use a shorter one: --socket %s)",
			len(path), maxPath, path, runtimePath(instance))
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the socket's folder: %w", err)
		}
	}
	lock, err := lockfile.Acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("cannot take the socket %s: %w", path, err)
	}
	if err := removeStale(path); err != nil {
		lock.Release()
		return nil, err
	}
	// The mode is set by the umask, so that there is no moment at which
	// another user could connect.
	old := syscall.Umask(0o177)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(old)
	if err != nil {
		lock.Release()
		return nil, fmt.Errorf("cannot listen on the socket: %w", err)
	}
	return &Listener{UnixListener: ln, Instance: instance, Origin: Own, lock: lock}, nil
}

// runtimePath returns a short path for the instance's socket.
func runtimePath(instance string) string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	return filepath.Join(dir, "spacedrive", filepath.Base(config.SocketPath("", instance)))
}

// removeStale removes the socket that a daemon which was killed left behind.
// One that somebody listens on is another's: the service manager's, which
// holds no lock.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot look at the socket's place: %w", err)
	}
	if st.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%s is there and is no socket; remove it, or choose another path with --socket", path)
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return fmt.Errorf("somebody listens on %s already; if that is systemd's socket unit, use it: systemctl --user start spacedrive.service", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("cannot remove the stale socket: %w", err)
	}
	return nil
}
