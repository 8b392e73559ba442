package daemon

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/packaging/logfile"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// What Start returns as how, besides the name of a service manager.
const (
	Already = "already" // it ran before
	Process = "process" // as a process of its own, detached
)

// startTimeout is how long a daemon may take until it answers. It answers before
// it has opened its libraries.
const startTimeout = 15 * time.Second

// Start connects to the daemon, and starts it where none runs: through its
// installed units, else as a process in a session of its own. how is Already,
// Process, or the name of the service manager. It returns when the daemon
// answers, within 15 s.
func (d *Daemon) Start(ctx context.Context) (c *client.Client, how string, err error) {
	c, err = client.Dial(ctx, d.Target)
	if err == nil {
		return c, Already, nil
	}
	if !client.Absent(err) {
		return nil, "", err
	}
	if u, ok := d.Units(); ok {
		// The file of an active unit's socket was removed: only a restart creates it
		// again.
		verb := "start"
		if u.Socket.Active == "active" {
			verb = "restart"
		}
		if err := packaging.ControlSocket(d.Options(), verb); err != nil {
			return nil, "", err
		}
		c, err = d.await(ctx, nil)
		return c, string(u.Manager), err
	}
	if d.System { // whose user this program is not
		if err := packaging.Control(d.Options(), "start"); err != nil {
			return nil, "", err
		}
		manager, err := packaging.Detect()
		if err != nil {
			return nil, "", err
		}
		c, err = d.await(ctx, nil)
		return c, string(manager), err
	}
	p, err := d.detach()
	if err != nil {
		return nil, "", err
	}
	defer p.cleanUp()
	c, err = d.await(ctx, p)
	return c, Process, err
}

// A process is a daemon that this program has started.
type process struct {
	exited    chan error
	stderr    string // file, "" for none
	temporary bool   // stderr is removed after the start
}

// cleanUp removes what only the start needed.
func (p *process) cleanUp() {
	if p.temporary {
		os.Remove(p.stderr)
	}
}

// detach runs spacedrived in a session of its own, without this terminal.
// Its log goes to its file. Its stderr, for what it writes before the log is open
// or when it crashes, goes to a file beside the log, or to a temporary file where
// that cannot be created.
func (d *Daemon) detach() (*process, error) {
	program, err := Program()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	cmd := exec.Command(program, d.Args()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null
	cmd.Dir = "/" // so that it keeps no file system busy
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p := &process{exited: make(chan error, 1)}
	f, err := keptStderr(d.DataDir)
	if err != nil {
		f, err = os.CreateTemp("", "spacedrived-*.stderr")
		p.temporary = err == nil
	}
	if err == nil {
		defer f.Close()
		cmd.Stderr, p.stderr = f, f.Name()
	}
	if err := cmd.Start(); err != nil {
		p.cleanUp()
		return nil, protocol.Errorf(protocol.ConnectionFailed, "cannot run the daemon: %w", err)
	}
	go func() { p.exited <- cmd.Wait() }() // ends with the daemon
	return p, nil
}

// keptStderr creates the file beside the log for what does not go to the log,
// such as the stacks of a crash. It keeps the last one that is not empty.
func keptStderr(dataDir string) (*os.File, error) {
	logs := filepath.Join(dataDir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(logs, "daemon.stderr")
	if info, err := os.Stat(name); err == nil && info.Size() > 0 {
		_ = os.Rename(name, name+".1") // else it is overwritten
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
}

// await connects as soon as the daemon answers. p is nil where a service manager
// starts it.
func (d *Daemon) await(ctx context.Context, p *process) (*client.Client, error) {
	var exited chan error
	if p != nil {
		exited = p.exited
	}
	deadline := time.After(startTimeout)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	look := time.NewTicker(500 * time.Millisecond)
	defer look.Stop()
	for {
		c, err := client.Dial(ctx, d.Target)
		if err == nil || !client.Absent(err) {
			return c, err
		}
		select {
		case <-look.C:
			if u, ok := d.Units(); ok && p == nil && u.Socket.Active == "failed" {
				return nil, protocol.Errorf(protocol.ConnectionFailed, "systemd has given %s up (%s)", u.Socket.Name, u.Socket.Result).
					WithHint("spacedrive doctor names the cause; then: %s reset-failed %s %s", d.Systemctl(), u.Socket.Name, u.Service.Name)
			}
		case ended := <-exited:
			// Another daemon, started at the same moment, may have won.
			if c, err := client.Dial(ctx, d.Target); err == nil {
				return c, nil
			}
			return nil, startFailed(ended, p)
		case <-deadline:
			return nil, protocol.Errorf(protocol.ConnectionFailed, "the daemon does not answer %v after its start", startTimeout).
				WithHint("spacedrive logs and spacedrive doctor show more")
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func startFailed(ended error, p *process) error {
	why := "exit status 0"
	if ended != nil {
		why = ended.Error()
	}
	if p.stderr != "" {
		// Without a log file, the log goes here too, and a line that says so.
		plain := func(line string) bool {
			return !strings.HasPrefix(line, "{") && !strings.Contains(line, "the log comes here:")
		}
		if lines, _ := logfile.Tail(p.stderr, 3, plain); len(lines) > 0 {
			why = strings.Join(lines, "; ")
		}
	}
	return protocol.Errorf(protocol.ConnectionFailed, "the daemon ended at its start: %s", why).
		WithHint("spacedrive doctor names causes and their fixes; spacedrive start --foreground shows all that the daemon says")
}

// Exec replaces this program by the daemon. It returns only an error.
func (d *Daemon) Exec() error {
	program, err := Program()
	if err != nil {
		return err
	}
	err = syscall.Exec(program, append([]string{program}, d.Args()...), os.Environ())
	return protocol.Errorf(protocol.ConnectionFailed, "cannot run the daemon: %w", err)
}

// unitPoll is how often systemd is asked whether a service that was stopped is
// being started.
const unitPoll = 250 * time.Millisecond

// AwaitStart waits, where the daemon of process pid was stopped and its socket
// unit would start it at the first connection, until somebody else has started
// it: someone who stops a daemon that others watch wants it to stay stopped. Call it
// from client.Target.BeforeRedial. It returns an error when ctx ends first.
func (d *Daemon) AwaitStart(ctx context.Context, pid int) error {
	u, ok := d.Units()
	if !ok {
		return nil
	}
	tick := time.NewTicker(unitPoll)
	defer tick.Stop()
	for {
		switch u.Service.Active {
		case "active", "activating", "reloading":
			// systemd may not have noticed yet that the process has ended.
			if u.Service.PID != strconv.Itoa(pid) {
				return nil
			}
		}
		if u.Socket.Active != "active" {
			return nil // connecting starts nothing
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return protocol.Errorf(protocol.ConnectionFailed, "it was stopped").With("reason", client.ReasonNotFound).
				WithHint("%s starts it at the next connection, such as: spacedrive status", u.Socket.Name)
		}
		// While systemd cannot be asked, nobody is known to have started it.
		if now, err := packaging.StatesOf(d.Options()); err == nil {
			u = now
		}
	}
}
