package client

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// helloTimeout is how long Dial waits for the daemon's hello by default.
const helloTimeout = 3 * time.Second

// dyingTries is how often a connection is tried that ends before an answer: a
// daemon that is being killed may still accept one and drop it.
const dyingTries = 4

// A Target says where a daemon is and how to talk to it. Make one with Socket,
// Child or SSH, then set further fields.
type Target struct {
	Socket  string   // path of a unix socket, or
	Command []string // a program with its arguments that speaks on stdin and stdout

	// Instance and DataDir say which daemon is meant: a connection to one whose
	// hello names another instance, or another folder of the instance's data,
	// fails with reason ReasonOtherDaemon before any call. "" takes any.
	Instance string
	DataDir  string

	Encoding     protocol.Encoding // default CBOR
	Client       string            // "name/version" of the program that calls
	HelloTimeout time.Duration     // default 3 s, over ssh 60 s
	Stderr       io.Writer         // where Command's stderr goes, too, at the first connection

	// How long a call waits while nothing is received, not even the answer to
	// a ping, which is sent meanwhile; 0: for ever. A working daemon answers a
	// ping at once, however long the call takes. After that time the connection
	// is closed with reason ReasonNoAnswer.
	Silence time.Duration
	// How long subscriptions try to reconnect; 0: for ever.
	GiveUpAfter time.Duration
	// BeforeRedial is called before each attempt to connect again for a
	// subscription; an error ends the subscriptions. stopped is true if the
	// daemon reported that it is stopping: if a service manager holds its
	// socket, connecting would start a daemon that someone has stopped on
	// purpose. Calls then fail instead of connecting. Without BeforeRedial, the
	// first attempt after a stop is made a second later than after a crash.
	BeforeRedial func(ctx context.Context, stopped bool) error

	ssh   *sshHost // nil: Command is not ssh
	tries int      // default dyingTries
}

// Socket returns the target that listens on the unix socket at path.
func Socket(path string) Target { return Target{Socket: path} }

// Child returns the target that is a child process: spacedrived --stdio, with
// further arguments.
func Child(program string, args ...string) Target {
	return Target{Command: append([]string{program, "--stdio"}, args...)}
}

// String names the target as a person would.
func (t Target) String() string {
	if len(t.Command) > 0 {
		return strings.Join(t.Command, " ")
	}
	return t.Socket
}

// again reports whether another connection leads to the same daemon.
func (t Target) again() bool { return len(t.Command) == 0 || t.ssh != nil }

// unattended returns the target for reconnecting, when nobody can answer a
// question, or reads the program's messages.
func (t Target) unattended() Target {
	if t.ssh != nil {
		t.Command, t.Stderr = t.ssh.unattended, nil
	}
	return t
}

func (t Target) withDefaults() Target {
	if t.Encoding == 0 {
		t.Encoding = protocol.CBOR
	}
	if t.HelloTimeout == 0 {
		t.HelloTimeout = helloTimeout
	}
	if t.tries == 0 {
		t.tries = dyingTries
	}
	if t.Client == "" {
		t.Client = "protocol-client/1"
	}
	return t
}

// check returns an error where hello is from another daemon than the target's.
func (t Target) check(hello protocol.HelloInstance) error {
	var why *protocol.Error
	switch {
	case t.Instance != "" && hello.Name != "" && hello.Name != t.Instance:
		why = protocol.Errorf(protocol.ConnectionFailed, "the daemon at %s serves the instance %s, not %s", t, hello.Name, t.Instance).With("field", "instance")
	case t.DataDir != "" && hello.DataDir != "" && realPath(string(hello.DataDir)) != realPath(t.DataDir):
		why = protocol.Errorf(protocol.ConnectionFailed, "the daemon at %s has its data in %s, not in %s", t, hello.DataDir, t.DataDir).With("field", "data_dir")
	default:
		return nil
	}
	return why.With("reason", ReasonOtherDaemon)
}

// realPath returns path without symbolic links, or as it is where it does not
// exist or may not be read.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// A stream carries one connection.
type stream interface {
	io.ReadWriteCloser
	SetWriteDeadline(time.Time) error
	// Abort ends it at once.
	Abort()
	// Broken returns the error of a connection whose reading ended with err.
	Broken(err error) error
}

func (t Target) open(ctx context.Context) (stream, error) {
	if len(t.Command) > 0 {
		return startProcess(t)
	}
	return dialSocket(ctx, t.Socket)
}
