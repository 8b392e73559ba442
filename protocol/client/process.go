package client

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

const (
	// A daemon drains for 5 s before it ends; a process that has not ended
	// by then will not.
	exitTimeout = 8 * time.Second
	// How much of a process's stderr is kept for the error about its end.
	stderrTail = 4 << 10 // bytes
)

// A process is a stream over a program's stdin and stdout.
type process struct {
	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	words  tail
	exited chan struct{} // closed after err is set
	err    error
	once   sync.Once
	target Target
}

func startProcess(t Target) (stream, error) {
	fail := func(err error) error {
		return protocol.Errorf(protocol.ConnectionFailed, "cannot run %s: %w", t.Command[0], err).With("reason", ReasonNotFound).
			WithHint("is %s installed, and on the PATH?", t.Command[0])
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, fail(err)
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, fail(err)
	}
	defer theirOut.Close()

	p := &process{in: in, out: out, exited: make(chan struct{}), target: t}
	p.words.next = t.Stderr
	p.cmd = exec.Command(t.Command[0], t.Command[1:]...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirIn, theirOut, &p.words
	p.cmd.WaitDelay = time.Second // for a grandchild that keeps stderr
	if t.ssh == nil || t.Stderr == nil {
		// Ctrl-C is for the program that the person runs: it may first have
		// to tell the daemon something. Only what asks for a passphrase
		// must stay in the terminal's foreground group.
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := p.cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, fail(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) Read(b []byte) (int, error)         { return p.out.Read(b) }
func (p *process) Write(b []byte) (int, error)        { return p.in.Write(b) }
func (p *process) SetWriteDeadline(t time.Time) error { return p.in.SetWriteDeadline(t) }

// Close closes the process's input, waits for it to end, and kills it when it
// does not.
func (p *process) Close() error {
	p.once.Do(func() {
		p.in.Close()
		timer := time.NewTimer(exitTimeout)
		defer timer.Stop()
		select {
		case <-p.exited:
		case <-timer.C:
			_ = p.cmd.Process.Kill() // fails only where it has just ended
			<-p.exited
		}
		p.out.Close()
	})
	return nil
}

// Abort ends ssh at once, whose input's end would not reach a host that is
// gone. A daemon is given the time that Close gives it.
func (p *process) Abort() {
	if p.target.ssh != nil {
		_ = p.cmd.Process.Kill() // fails only where it has just ended
	}
	_ = p.Close()
}

func (p *process) Broken(err error) error {
	if p.target.ssh != nil {
		return p.target.ssh.broken(p, err)
	}
	return protocol.Errorf(protocol.ReadError, "the connection to %s broke: %s", p.target, p.lastWords()).With("reason", ReasonBroken)
}

// neverAnswered returns the error of a process that ended before its hello.
func (p *process) neverAnswered() error {
	if p.target.ssh != nil {
		return p.target.ssh.neverAnswered(p)
	}
	return protocol.Errorf(protocol.ConnectionFailed, "%s ended before it answered: %s", p.target, p.lastWords()).With("reason", ReasonEnded)
}

// exitCode returns the process's exit status, -1 where it has not ended or a
// signal has ended it.
func (p *process) exitCode() int {
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(time.Second):
		return -1
	}
}

// lastWords says how the process ended, from its stderr where that says
// anything.
func (p *process) lastWords() string {
	select {
	case <-p.exited:
	case <-time.After(time.Second):
		return "it closed its output"
	}
	if s := p.words.String(); s != "" {
		return s
	}
	if p.err != nil {
		return p.err.Error()
	}
	return "exit status 0"
}

// A tail keeps the end of what is written to it, and passes it on.
type tail struct {
	next io.Writer // nil: nowhere

	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - stderrTail; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	t.mu.Unlock()
	if t.next != nil {
		return t.next.Write(b)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
