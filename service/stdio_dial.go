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

// dialTime is how long the daemon may take to accept when its queue is full.
const dialTime = 10 * time.Second

// dialDaemon connects to the daemon's socket. Where its queue is full, Linux
// answers EAGAIN instead of waiting (connect(2)).
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

// absent reports whether no daemon listens, by what the attempt to connect to
// its socket has met: no socket, one that was left behind, or a path that is too
// long for one (EINVAL).
func absent(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EINVAL)
}

// unreachable says why a session cannot be passed on to the daemon, and what to
// do about it on this machine, which need not be the one where that is read.
func unreachable(path string, machines bool, err error) *protocol.Error {
	where := ""
	if name, hostErr := os.Hostname(); hostErr == nil {
		where = " on " + name
	}
	var no syscall.Errno // without the path, which is said already
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

// refuse tells whoever speaks on stdin why there is no session, as the daemon
// does on a socket: at the first byte, in the encoding that this picks. It
// returns the reason where nobody asks.
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
	// The end of stdout ends the other side's session. Were the rest of what it
	// says left unread, it might see an error instead of the answer.
	os.Stdout.Close()
	heard := make(chan struct{})
	go func() { // ends with stdin, or the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(heard)
	}()
	select {
	case <-heard:
	case <-time.After(readTime):
	}
	return nil
}
