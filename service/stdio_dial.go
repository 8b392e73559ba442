package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/user"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// dialTime is how long the daemon may take to accept when its backlog is full.
const dialTime = 10 * time.Second

// dialDaemon connects to the daemon's socket. If its backlog is full, Linux returns
// EAGAIN instead of waiting (connect(2)).
func dialDaemon(path string) (*net.UnixConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			return conn.(*net.UnixConn), nil
		}
		if !errors.Is(err, syscall.EAGAIN) {
			return nil, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// absent reports whether err of connecting means that no daemon listens: no socket,
// a stale one, or a path that is too long for one (EINVAL).
func absent(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EINVAL)
}

// unreachable returns the error for a session that cannot be passed to the daemon,
// with a hint. It names this machine, because the reader may be at another.
func unreachable(path string, machines bool, err error) *protocol.Error {
	where := ""
	if name, hostErr := os.Hostname(); hostErr == nil {
		where = " on " + name
	}
	var no syscall.Errno // without the path
	if errors.As(err, &no) {
		err = no
	}
	if errors.Is(err, fs.ErrPermission) {
		denied := protocol.Errorf(protocol.PermissionDenied, "no right to connect to %s%s: %w", path, where, err).With("path", protocol.Path(path))
		if !machines {
			return denied.WithHint("log in as the user whose daemon it is")
		}
		name := ""
		if u, userErr := user.Current(); userErr == nil {
			name = u.Username
		}
		return denied.WithHint("%s", protocol.NotInGroup(config.SystemGroup, name))
	}
	if !machines {
		return protocol.Errorf(protocol.CoreUnavailable, "cannot connect to the daemon at %s%s: %w", path, where, err).With("path", protocol.Path(path))
	}
	return protocol.Errorf(protocol.CoreUnavailable, "the machine's daemon%s is not running: cannot connect to %s: %w", where, path, err).With("path", protocol.Path(path)).
		WithHint("there: sudo spacedrive --system start; where it is not installed yet, first: sudo spacedrive --system service install")
}

// refuse answers a session with why, as the daemon does on a socket: at the first
// byte, in the encoding that it picks. It returns why if nothing is sent.
func refuse(why *protocol.Error) error {
	var first [1]byte
	if _, err := io.ReadFull(os.Stdin, first[:]); err != nil {
		return why
	}
	enc := protocol.JSON
	if first[0] == 0 {
		enc = protocol.CBOR
	}
	if _, err := os.Stdout.Write(protocol.AppendError(nil, enc, 0, why)); err != nil {
		return fmt.Errorf("nobody reads why there is no session: %w", why)
	}
	// Closing stdout ends the session. Read the rest of the input, or the other
	// side might see an error instead of the answer.
	os.Stdout.Close()
	read := make(chan struct{})
	go func() { // ends with stdin, or the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(read)
	}()
	select {
	case <-read:
	case <-time.After(readTime):
	}
	return nil
}
