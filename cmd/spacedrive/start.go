package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

var _ = register[startCmd]("start", groupRun)

type startCmd struct {
	Foreground bool `help:"Become the daemon instead of starting one beside."`
}

// startResult is the document that --json prints.
type startResult struct {
	Started string              `json:"started"` // already, process, or the manager: systemd, launchd, …
	Socket  protocol.Path       `json:"socket"`
	Hello   protocol.HelloReply `json:"hello"`
}

func (c *startCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return usage("start is about this machine's daemon; it takes no --host and no --standalone")
	}
	if c.Foreground && a.system() {
		return usage("the machine's daemon runs as a user of its own: %s", a.command("start"))
	}
	if c.Foreground {
		return a.becomeDaemon()
	}
	how, err := a.startDaemon()
	if err != nil {
		return err
	}
	return a.reportStart(how)
}

func (a *app) reportStart(how string) error {
	hello := a.conn.Hello()
	if a.cli.JSON {
		return a.term.printJSON(startResult{how, protocol.Path(a.socket()), hello})
	}
	a.term.printf("%s\n", a.startLine(how, hello))
	return nil
}

func (a *app) startLine(how string, hello protocol.HelloReply) string {
	pid := " (pid " + formatPID(hello.Daemon.PID) + ", version " + clean(hello.Daemon.Version) + ") at " + clean(a.path(protocol.Path(a.socket())))
	switch how {
	case startedAlready:
		return "The daemon is running already" + pid
	case startedProcess:
		return "Started the daemon, detached from this terminal" + pid
	}
	return "Started the daemon through " + how + pid
}

// How a daemon came to run, where it was not by a manager's name.
const (
	startedAlready = "already"
	startedProcess = "process"
)

// connectOrStart connects, and starts a daemon where none runs.
func (a *app) connectOrStart() error {
	if a.cli.Host != "" || a.cli.Standalone {
		_, err := a.connect()
		return err
	}
	how, err := a.startDaemon()
	if err == nil && how != startedAlready {
		a.term.note("%s", a.startLine(how, a.conn.Hello()))
	}
	return err
}

// startDaemon connects to the daemon, after starting one where none runs. It
// returns how the daemon came to run.
func (a *app) startDaemon() (string, error) {
	_, err := a.connect()
	if err == nil {
		return startedAlready, nil
	}
	if !absent(err) {
		return "", err
	}
	if u, ok := a.units(); ok {
		// A socket unit that is active without a socket lost it to someone
		// who removed the file: only a restart makes it anew.
		verb := "start"
		if u.Socket.Active == "active" {
			verb = "restart"
		}
		if err := packaging.ControlSocket(a.unitOptions(), verb); err != nil {
			return "", connectError{err}
		}
		return string(u.Manager), a.waitForDaemon(nil)
	}
	if a.system() { // nobody's to run detached
		if err := packaging.Control(a.unitOptions(), "start"); err != nil {
			return "", connectError{err}
		}
		manager, err := packaging.Detect()
		if err != nil {
			return "", err
		}
		return string(manager), a.waitForDaemon(nil)
	}
	if runtime, lost := packaging.LostManager(); lost && !a.explicit() {
		if _, err := a.installedUnits(); err != nil {
			a.term.note("Your systemd cannot be asked from this session, and the daemon is started without it. To reach it: export XDG_RUNTIME_DIR=%s", runtime)
		}
	}
	d, err := a.detach()
	if err != nil {
		return "", connectError{err}
	}
	err = a.waitForDaemon(d)
	d.forget()
	return startedProcess, err
}

// A detached is a daemon that this program has started.
type detached struct {
	exited chan error
	words  string // file of its stderr, "" for none
	brief  bool   // words is only for the time of the start
}

// forget removes what only the start needed.
func (d *detached) forget() {
	if d.brief {
		os.Remove(d.words)
	}
}

// detach runs spacedrived in a session of its own, with nothing of this
// terminal. Its log goes to its file; what it says before it has one, or when
// it crashes, goes to a file beside that; where that cannot be made, to one that
// lasts for the start.
func (a *app) detach() (*detached, error) {
	program, err := daemonProgram()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	cmd := exec.Command(program, a.daemonArgs()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null
	cmd.Dir = "/" // keeps no file system busy
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	d := &detached{exited: make(chan error, 1)}
	f, err := keptStderr(a.dataDir())
	if err != nil {
		f, err = os.CreateTemp("", "spacedrived-*.stderr")
		d.brief = err == nil
	}
	if err == nil {
		defer f.Close()
		cmd.Stderr, d.words = f, f.Name()
	}
	if err := cmd.Start(); err != nil {
		d.forget()
		return nil, protocol.Errorf(protocol.ConnectionFailed, "cannot run the daemon: %w", err)
	}
	go func() { d.exited <- cmd.Wait() }()
	return d, nil
}

// keptStderr makes the file beside the log for what does not come by the log,
// such as the stacks of a crash. The last that had any is kept.
func keptStderr(dataDir string) (*os.File, error) {
	logs := filepath.Join(dataDir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(logs, "daemon.stderr")
	if info, err := os.Stat(name); err == nil && info.Size() > 0 {
		_ = os.Rename(name, name+".1") // else it is written over, as it would be without
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
}

// startTimeout is how long a daemon may take until it answers. It answers
// before it has opened its libraries.
const startTimeout = 15 * time.Second

// waitForDaemon connects as soon as the daemon answers.
func (a *app) waitForDaemon(d *detached) error {
	var exited chan error
	if d != nil {
		exited = d.exited
	}
	deadline := time.After(startTimeout)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	look := time.NewTicker(500 * time.Millisecond)
	defer look.Stop()
	for {
		_, err := a.connect()
		if err == nil || !absent(err) {
			return err
		}
		select {
		case <-look.C:
			if u, ok := a.units(); ok && d == nil && u.Socket.Active == "failed" {
				return connectError{protocol.Errorf(protocol.ConnectionFailed, "systemd has given %s up (%s)", u.Socket.Name, u.Socket.Result).
					WithHint("spacedrive doctor names the cause; then: %s reset-failed %s %s", a.systemctl(), u.Socket.Name, u.Service.Name)}
			}
		case ended := <-exited:
			// Another daemon, started at the same moment, may have won.
			if _, err := a.connect(); err == nil {
				return nil
			}
			return connectError{a.startFailed(ended, d)}
		case <-deadline:
			return connectError{protocol.Errorf(protocol.ConnectionFailed, "the daemon does not answer %v after its start", startTimeout).
				WithHint("spacedrive logs and spacedrive doctor tell more")}
		case <-tick.C:
		case <-a.ctx.Done():
			return a.ctx.Err()
		}
	}
}

func (a *app) startFailed(ended error, d *detached) error {
	why := "exit status 0"
	if ended != nil {
		why = ended.Error()
	}
	if d.words != "" {
		// Without a log file, lines of the log stand there too, and that they do.
		plain := func(line string) bool {
			return !strings.HasPrefix(line, "{") && !strings.Contains(line, "the log comes here:")
		}
		if words, _ := tailOf(d.words, 3, plain); len(words) > 0 {
			why = strings.Join(words, "; ")
		}
	}
	return protocol.Errorf(protocol.ConnectionFailed, "the daemon ended at its start: %s", why).
		WithHint("spacedrive doctor names causes and what mends them; spacedrive start --foreground shows all that the daemon says")
}

// becomeDaemon replaces this program by the daemon.
func (a *app) becomeDaemon() error {
	program, err := daemonProgram()
	if err != nil {
		return connectError{err}
	}
	err = syscall.Exec(program, append([]string{program}, a.daemonArgs()...), os.Environ())
	return connectError{protocol.Errorf(protocol.ConnectionFailed, "cannot run the daemon: %w", err)}
}

var _ = register[restartCmd]("restart", groupRun)

type restartCmd struct{}

func (*restartCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return usage("restart is about this machine's daemon; it takes no --host and no --standalone")
	}
	if _, err := a.stopDaemon(); err != nil {
		return err
	}
	how, err := a.startDaemon()
	if err != nil {
		return err
	}
	if u, ok := a.units(); ok && how == startedAlready { // the socket unit was quicker
		how = string(u.Manager)
	}
	return a.reportStart(how)
}
