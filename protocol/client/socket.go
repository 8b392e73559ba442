package client

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Why a connection failed: the detail "reason" of a connection_failed error;
// ReasonBroken and ReasonNoAnswer also of a read_error or write_error.
const (
	ReasonNotFound    = "not_found"          // no socket, or no such program: the daemon is not running
	ReasonPermission  = "permission_denied"  // the socket's or a folder's mode refused
	ReasonRefused     = "connection_refused" // a stale socket: nobody listens
	ReasonNotASocket  = "not_a_socket"       // another kind of file is in the socket's place
	ReasonPathTooLong = "path_too_long"      // longer than the kernel takes
	ReasonNoAnswer    = "no_answer"          // connected, but no hello in time, or later no sign of life
	ReasonEnded       = "ended"              // closed, or the process ended, before its hello
	ReasonNoProgram   = "no_program"         // ssh: no spacedrived on the far side's PATH
	ReasonHostKey     = "host_key"           // ssh: the host's key is not known, or another
	ReasonLogin       = "login_refused"      // ssh: the host does not let the user in
	ReasonUnreachable = "unreachable"        // ssh: no such host, or no way to it
	ReasonOtherDaemon = "other_daemon"       // it serves another instance, or other data, than Target names
	ReasonClosed      = "closed"             // by Client.Close
	ReasonBroken      = "broken"             // the connection broke later
)

// Reason returns why a connection failed or ended, one of the reasons above; ""
// for another error, and for none.
func Reason(err error) string {
	var wire *protocol.Error
	if !errors.As(err, &wire) {
		return ""
	}
	switch wire.Code {
	case protocol.ConnectionFailed, protocol.ReadError, protocol.WriteError:
		reason, _ := wire.Details["reason"].(string)
		return reason
	}
	return ""
}

// Absent reports whether a connection failed because no daemon runs there.
func Absent(err error) bool {
	reason := Reason(err)
	return reason == ReasonNotFound || reason == ReasonRefused
}

const startHint = "the daemon is not running; start it with: spacedrive start"

// A socket is a stream over a unix socket.
type socket struct{ *net.UnixConn }

func (s socket) Abort() { _ = s.Close() } // there is nothing left to lose

func (s socket) Broken(err error) error {
	return protocol.Errorf(protocol.ReadError, "the connection to the daemon broke: %w", err).With("reason", ReasonBroken)
}

// dialSocket connects to the socket at path. A listener whose queue is full
// answers EAGAIN on Linux where TCP would wait, so dialSocket does the waiting.
func dialSocket(ctx context.Context, path string) (stream, error) {
	const firstPause, longestPause = time.Millisecond, 50 * time.Millisecond
	var d net.Dialer
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		conn, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			return socket{conn.(*net.UnixConn)}, nil
		}
		if !errors.Is(err, syscall.EAGAIN) {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// explain turns a failure to open the target into one that says what to do.
// ctx is the caller's own.
func (t Target) explain(ctx context.Context, err error) error {
	var wire *protocol.Error
	if errors.As(err, &wire) {
		return err
	}
	if expired(ctx) {
		return contextError(ctx)
	}
	fail := func(reason, format string, args ...any) *protocol.Error {
		return protocol.Errorf(protocol.ConnectionFailed, format, args...).With("reason", reason).With("path", protocol.Path(t.Socket))
	}
	info, statErr := os.Stat(t.Socket)
	switch {
	case len(t.Socket) > longestSocketPath():
		return fail(ReasonPathTooLong, "the socket's path %s has %d bytes, and the system takes %d at most", t.Socket, len(t.Socket), longestSocketPath()).
			WithHint("give a shorter one with --socket, such as one in $XDG_RUNTIME_DIR")
	case errors.Is(err, fs.ErrNotExist):
		return fail(ReasonNotFound, "no socket at %s: %w", t.Socket, syscall.ENOENT).WithHint(startHint)
	case errors.Is(err, syscall.ENOTDIR):
		return fail(ReasonNotFound, "no socket at %s: a part of its path is no folder: %w", t.Socket, syscall.ENOTDIR).WithHint(startHint)
	case errors.Is(err, fs.ErrPermission):
		where, what, group := deniedBy(t.Socket)
		denied := fail(ReasonPermission, "no right to connect to %s: %s: %w", t.Socket, what, syscall.EACCES).
			With("denied_by", protocol.Path(where))
		if group != "" {
			return denied.WithHint("%s", protocol.NotInGroup(group, ""))
		}
		return denied.WithHint("run it as the user whose daemon it is; where it is yours, spacedrive doctor names the command that mends it")
	case statErr == nil && info.Mode()&fs.ModeSocket == 0:
		return fail(ReasonNotASocket, "%s is not a socket", t.Socket).WithHint("give the daemon's socket with --socket")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(ReasonRefused, "nobody listens on %s: %w; its daemon ended without removing it", t.Socket, syscall.ECONNREFUSED).
			WithHint("spacedrive start takes its place")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.EAGAIN):
		return fail(ReasonNoAnswer, "the daemon at %s takes no connection: none within %v", t.Socket, t.HelloTimeout).
			WithHint("spacedrive doctor looks for the cause")
	}
	return fail("other", "cannot connect to %s: %w", t.Socket, err)
}

// explainHello turns a failure of the hello into one that says what to do.
func (t Target) explainHello(ctx context.Context, s stream, err error) error {
	if expired(ctx) {
		return contextError(ctx)
	}
	fail := func(reason, format string, args ...any) *protocol.Error {
		return protocol.Errorf(protocol.ConnectionFailed, format, args...).With("reason", reason)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fail(ReasonNoAnswer, "%s does not answer: no hello within %v", t, t.HelloTimeout).
			WithHint("spacedrive doctor looks for the cause")
	case protocol.HasCode(err, protocol.ReadError), protocol.HasCode(err, protocol.WriteError):
		if p, ok := s.(*process); ok {
			return p.neverAnswered()
		}
		return fail(ReasonEnded, "the daemon at %s closed the connection before it answered", t).
			WithHint("spacedrive logs tells what it did")
	}
	return err
}

// longestSocketPath is the size of sun_path without its final NUL: unix(7), and
// sys/un.h on the BSDs.
func longestSocketPath() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103
}
