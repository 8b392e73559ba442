package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
)

// Bind creates a socket at path for the instance, with mode 0600. Missing folders
// are created with mode 0700. If who admits a group, the socket belongs to the
// group with mode 0660, and created folders have mode 0710. A lock file beside
// the socket, held until the Listener is closed, prevents a second daemon from
// taking the same path; its error names the holder. A socket with a group can
// already be connected to by its owner before it has its final mode.
func Bind(path, instance string, who Admission) (*Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the socket's path has %d bytes and the kernel allows %d: %s (use a shorter one: --socket %s)",
			len(path), maxPath, path, runtimePath(instance))
	}
	if err := who.makeFolder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("cannot make the socket's folder: %w", err)
	}
	lock, err := lockfile.Acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("cannot take the socket %s: %w", path, err)
	}
	if err := removeStale(path, instance); err != nil {
		lock.Release()
		return nil, err
	}
	// Set the mode with the umask, so that no other user can connect before
	// a chmod.
	old := syscall.Umask(0o177)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(old)
	if err != nil {
		lock.Release()
		return nil, fmt.Errorf("cannot listen on the socket: %w", err)
	}
	if err := who.share(path, 0o660); err != nil {
		ln.Close()
		lock.Release()
		return nil, err
	}
	return &Listener{UnixListener: ln, Instance: instance, Origin: Own, lock: lock}, nil
}

// makeFolder creates dir and its missing parents.
func (a Admission) makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if above := filepath.Dir(dir); above != dir {
		if err := a.makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if os.IsExist(err) { // created by another process meanwhile
			return nil
		}
		return err
	}
	return a.share(dir, 0o710)
}

// share changes the group of path and then its mode, in this order, so that no
// other group ever has the access. Without a group it does nothing.
//
// It works relative to the opened folder (openat(2)): if others can write there,
// a link that they put in place of the socket cannot lead outside.
func (a Admission) share(path string, mode os.FileMode) error {
	if a.group == "" {
		return nil
	}
	dir, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Lchown(filepath.Base(path), -1, a.gid); err != nil {
		return fmt.Errorf("cannot give %s to the group %s (the daemon's user must be in it): %w", path, a.group, err)
	}
	return dir.Chmod(filepath.Base(path), mode)
}

// Barrier returns the innermost folder above path whose mode denies access to
// the group, or "".
func (a Admission) Barrier(path string) string {
	for dir := filepath.Dir(path); a.group != ""; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		if err != nil {
			return dir
		}
		allowed := st.Mode() & 0o001
		if owner, ok := st.Sys().(*syscall.Stat_t); ok && int(owner.Gid) == a.gid {
			allowed = st.Mode() & 0o010
		}
		if allowed == 0 {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return ""
}

// runtimePath returns a short path for the instance's socket, below
// XDG_RUNTIME_DIR.
func runtimePath(instance string) string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	return filepath.Join(dir, "spacedrive", filepath.Base(config.SocketPath("", instance)))
}

// removeStale removes a socket left by a daemon that was killed. It returns an
// error if a process listens on it: a service manager does so without holding
// the lock.
func removeStale(path, instance string) error {
	st, err := os.Lstat(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot check for an existing socket: %w", err)
	}
	if st.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%s is there and is no socket; remove it, or choose another path with --socket", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		conn.Close()
		fallthrough
	case errors.Is(err, syscall.EAGAIN): // its backlog is full
		return fmt.Errorf("somebody listens on %s already; %s", path, startAdvice(path, instance))
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case !errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("cannot tell whether somebody listens on %s: %w; remove it if nobody does, or choose another path with --socket", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("cannot remove the stale socket: %w", err)
	}
	return nil
}

// startAdvice returns what to do if a process without the lock listens on an
// instance's socket. That is usually the service manager.
func startAdvice(path, instance string) string {
	command := "spacedrive start"
	if path == config.SystemSocketPath(instance) {
		command = "sudo spacedrive --system start"
	}
	if instance != config.DefaultInstance {
		command += " --instance " + instance
	}
	return "if that is systemd or launchd, have it start the daemon: " + command
}
