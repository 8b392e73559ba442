package client

import (
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// How long Dial waits for the daemon's hello where the target does not say.
// Over ssh the time includes what a person needs to type a passphrase.
const (
	helloTimeout    = 3 * time.Second
	sshHelloTimeout = 60 * time.Second
)

// A Target says where a daemon is and how to talk to it. Make one with Socket,
// Child or SSH, then change what else it says.
type Target struct {
	Socket  string   // path of a unix socket, or
	Command []string // a program with its arguments that speaks on stdin and stdout

	Encoding     protocol.Encoding // default CBOR
	Client       string            // "name/version" of the program that calls
	HelloTimeout time.Duration     // default 3 s, over ssh 60 s
	Stderr       io.Writer         // where Command's stderr goes; default: into the error, when it fails

	terminal bool // Command asks questions on the terminal
}

// Socket returns the target that listens on the unix socket at path.
func Socket(path string) Target { return Target{Socket: path} }

// Child returns the target that is a child process: spacedrived --stdio, with
// further arguments.
func Child(program string, args ...string) Target {
	return Target{Command: append([]string{program, "--stdio"}, args...)}
}

// SSH returns the target behind ssh://[user@]host[:port]: spacedrived --stdio,
// with further arguments, run there by ssh.
func SSH(address string, args ...string) (Target, error) {
	u, err := url.Parse(address)
	bad := err != nil || u.Scheme != "ssh" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != ""
	// What begins with a dash would be an option to ssh.
	if bad || strings.HasPrefix(u.Hostname(), "-") || u.User != nil && strings.HasPrefix(u.User.Username(), "-") {
		return Target{}, protocol.Invalid("host", "%q is not of the form ssh://[user@]host", address)
	}
	if _, secret := u.User.Password(); secret {
		return Target{}, protocol.Invalid("host", "a password cannot stand in %s", u.Redacted()).
			WithHint("ssh asks for it; a key spares it")
	}
	host := u.Hostname()
	if u.User != nil {
		host = u.User.Username() + "@" + host
	}
	command := []string{"ssh", "-T"}
	if port := u.Port(); port != "" {
		command = append(command, "-p", port)
	}
	command = append(command, "--", host, "spacedrived", "--stdio")
	for _, arg := range args {
		command = append(command, quote(arg))
	}
	return Target{Command: command, HelloTimeout: sshHelloTimeout, terminal: true}, nil
}

// quote protects arg from the shell on the far side, which ssh hands one line.
func quote(arg string) string { return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'" }

// String names the target as a person would.
func (t Target) String() string {
	if len(t.Command) > 0 {
		return strings.Join(t.Command, " ")
	}
	return t.Socket
}

func (t Target) withDefaults() Target {
	if t.Encoding == 0 {
		t.Encoding = protocol.CBOR
	}
	if t.HelloTimeout == 0 {
		t.HelloTimeout = helloTimeout
	}
	if t.Client == "" {
		t.Client = "protocol-client/1"
	}
	return t
}

// A stream carries one connection.
type stream interface {
	io.ReadWriteCloser
	SetWriteDeadline(time.Time) error
	// CloseWrite tells the peer that nothing more will come.
	CloseWrite() error
}

func (t Target) open(ctx context.Context) (stream, error) {
	if len(t.Command) > 0 {
		return startProcess(t)
	}
	return dialSocket(ctx, t.Socket)
}
