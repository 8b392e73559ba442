//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// answerTime is how long an answer may take, on a machine that does much else.
const answerTime = time.Minute

// A daemon is a spacedrived with a data folder, started again and again.
type daemon struct {
	storm  *storm
	name   string
	data   string
	socket string
	log    string

	mu      sync.Mutex // guards the fields below
	process *exec.Cmd
	ended   chan struct{} // closed when process has ended
	wanted  bool          // the end of process
	scanned int64         // so much of log has been looked through
}

func newDaemon(s *storm, name string) *daemon {
	return &daemon{
		storm: s, name: name, data: filepath.Join(s.dir, name),
		socket: filepath.Join(s.dir, name+".sock"), log: filepath.Join(s.dir, name+".log"),
	}
}

// start starts the daemon and waits until it answers.
func (d *daemon) start(ctx context.Context) error {
	if err := d.launch(); err != nil {
		return err
	}
	c, err := d.dial(ctx, protocol.CBOR)
	if err != nil {
		return fmt.Errorf("the %s daemon does not answer: %w", d.name, err)
	}
	return c.Close()
}

func (d *daemon) launch() error {
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(*program, "--data-dir", d.data, "--socket", d.socket, "--log-format", "console")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.storm.dir, "NO_COLOR=1",
		"GORACE=atexit_sleep_ms=0"} // else every end takes a second longer
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	d.mu.Lock()
	d.process, d.ended, d.wanted = cmd, ended, false
	d.mu.Unlock()
	go func() { // ends with the process
		err := cmd.Wait()
		d.mu.Lock()
		wanted := d.wanted
		d.mu.Unlock()
		if !wanted {
			d.storm.problems.add("ended by itself", "the %s daemon: %v\n%s", d.name, err, d.tail())
		}
		close(ended)
	}()
	return nil
}

// end sends the signal and returns a channel that is closed at the end.
func (d *daemon) end(signal os.Signal) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.process == nil { // it was never started
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	d.wanted = true
	_ = d.process.Process.Signal(signal) // it may have ended
	return d.ended
}

func (d *daemon) kill() { <-d.end(syscall.SIGKILL) }

// stop stops the daemon in order. Where that takes too long, its goroutines
// stand in the log.
func (d *daemon) stop() {
	begun := time.Now()
	ended := d.end(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(*stopTime):
		d.storm.problems.add("slow stop", "the %s daemon has not ended %s after SIGTERM, at %s; its goroutines are in %s",
			d.name, *stopTime, begun.Format(time.TimeOnly), d.log)
		select {
		case <-d.end(syscall.SIGQUIT):
		case <-time.After(*stopTime):
			d.kill()
		}
		return
	}
	d.mu.Lock()
	state := d.process.ProcessState
	d.mu.Unlock()
	if !state.Success() {
		d.storm.problems.add("bad end", "the %s daemon after SIGTERM: %s\n%s", d.name, state, d.tail())
	}
}

// dial connects, waiting for the daemon to be there.
func (d *daemon) dial(ctx context.Context, encoding protocol.Encoding) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	target := client.Socket(d.socket)
	target.Encoding, target.HelloTimeout = encoding, answerTime
	for {
		c, err := client.Dial(ctx, target)
		if err == nil || ctx.Err() != nil {
			return c, err
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// answers reports whether the daemon lists its libraries, which it does only
// with its instance open.
func (d *daemon) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	c, err := d.dial(ctx, protocol.CBOR)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = client.Call(ctx, c, api.LibrariesList, api.Empty{})
	return err
}

// scan looks for races and panics in what was logged since the last time.
func (d *daemon) scan() {
	text, err := os.ReadFile(d.log)
	if err != nil {
		d.storm.problems.add("no log", "%v", err)
		return
	}
	d.mu.Lock()
	fresh := text[d.scanned:]
	d.scanned = int64(len(text))
	d.mu.Unlock()
	for _, bad := range []string{"WARNING: DATA RACE", "panicked", "panic:", "fatal error:"} {
		if i := bytes.Index(fresh, []byte(bad)); i >= 0 {
			d.storm.problems.add(bad, "the %s daemon: %s", d.name, fresh[i:min(len(fresh), i+4000)])
		}
	}
}

func (d *daemon) tail() []byte {
	text, _ := os.ReadFile(d.log) // best effort: it illustrates another problem
	return text[max(0, len(text)-2000):]
}

// pause waits for a while, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
